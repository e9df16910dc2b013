// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// Sends a container's output to systemd's journal by its native protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): an entry a line, a datagram an entry, with podman's fields.
class JournalLog {
 public:
  JournalLog() = default;
  static Result<JournalLog> Open(const Config& config);
  bool is_open() const { return static_cast<bool>(socket_); }
  void Append(bool is_stderr, std::string_view chunk);

 private:
  sys::Fd socket_;
  std::string fields_;  // that every entry has
  std::string entry_;
};

// One field in the protocol's form: "NAME=value", or with the length in front when there is a newline in it.
void AppendJournalField(std::string& to, std::string_view name, std::string_view value);

}  // namespace ctool::monitor
