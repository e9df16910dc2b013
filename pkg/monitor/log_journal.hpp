// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// Sends a container's output to systemd's journal by its native protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): an entry a line, a datagram an entry, with podman's fields. A line is
// sent when its end has come, so that it is one entry, however many writes it took; only a very long one is sent in parts.
class JournalLog {
 public:
  JournalLog() = default;
  static Result<JournalLog> Open(const Config& config);
  bool is_open() const { return static_cast<bool>(socket_); }
  void Append(bool is_stderr, std::string_view chunk);
  // No more comes: sends lines that have no end, and waits until the journal has taken all.
  void Finish();

 private:
  void Send(bool is_stderr, bool partial, std::string_view message);
  bool Deliver();
  bool TrySend(int flags);
  sys::Fd socket_;
  std::string path_;
  std::string fields_;  // that every entry has
  std::string entry_;
  std::array<std::string, 2> begun_;  // lines, of stdout and stderr
  bool deaf_ = false;                 // the journal took nothing for long: it is not waited for any more
  uint64_t lost_ = 0;                 // entries, of which nothing is said in the journal yet
};

// One field in the protocol's form: "NAME=value", or with the length in front when there is a newline in it.
void AppendJournalField(std::string& to, std::string_view name, std::string_view value);

}  // namespace ctool::monitor
