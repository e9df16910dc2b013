// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/containers.hpp"

namespace ctool::engine {

struct ExecOptions {
  std::vector<std::string> command;
  std::vector<std::string> env, env_file;  // as typed
  std::string user, working_dir;           // empty: the container's
  bool tty = false, interactive = false, privileged = false;
  bool detach = false;
  std::string detach_keys = "ctrl-p,ctrl-q";
  std::vector<int> preserved;  // our descriptors that become its 3, 4, ...
};

// Runs a process in a container that runs. `on_started` gets the session's id (64 hex) once the command has been
// executed. kBusy: the container does not run, or is paused. kNoCommand, kNotExecutable: as a start.
Result<StartOutcome> Exec(Engine& engine, const std::string& name_or_id, const ExecOptions& options,
                          const std::function<void(const std::string& session)>& on_started);

// Ids of the sessions that run in a container, sorted.
Result<std::vector<std::string>> ListSessions(Engine& engine, const std::string& container_id);

// Attaches to a container that runs; its exit status is the outcome's. kBusy: it does not run.
Result<StartOutcome> Attach(Engine& engine, const std::string& name_or_id, const AttachOptions& options);

}  // namespace ctool::engine
