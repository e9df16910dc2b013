// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "runtime/frame.hpp"
#include "sys/child.hpp"

namespace ctool::monitor {

// Annotation of the session's config.json: as Config::event. Labels may be longer than a frame.
inline constexpr char kEventAnnotation[] = "io.ctool.event";

// Payload of a kExecute frame: a process to run in a container, and who it is for.
struct SessionOrder {
  std::string id;       // of the session: 64 hex
  std::string run_dir;  // of the container
  bool keep_stdin = false;
  std::string events_log;  // as Config has it
  int64_t preserved = 0;  // descriptors that follow the config.json

  static Result<SessionOrder> Parse(std::string_view bytes);
  std::string Print() const;
};

// RUN_DIR/exec/<id>: a session that runs.
struct SessionRecord {
  pid_t pid = 0;
  uint64_t start_time = 0;

  static Result<SessionRecord> Parse(std::string_view bytes);
  std::string Print() const;
};

// Runs a process in a container, as the kExecute frame `order` says, and relays it to `client` until it has ended.
// Returns the caller's own exit status. The process lives on when the client goes away.
int RunSession(runtime::SyncSocket client, runtime::Frame order);

// The same, with the order still to come from `client`.
int ServeSession(runtime::SyncSocket client);

// The same in a child of ours, which keeps none of our descriptors but these.
Result<sys::Child> ForkSession(runtime::SyncSocket client, runtime::Frame order);

}  // namespace ctool::monitor
