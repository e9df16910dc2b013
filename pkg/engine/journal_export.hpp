// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctool::engine {

// One entry of `journalctl -o export` (https://systemd.io/JOURNAL_EXPORT_FORMATS), as far as a container's log is
// concerned.
struct JournalEntry {
  std::string_view message, cursor;
  int64_t time = 0;  // wall ns
  bool is_stderr = false, partial = false;
};

// Takes the entry that `data` begins with off it; nothing while it is not complete.
std::optional<JournalEntry> TakeJournalEntry(std::string_view& data);

}  // namespace ctool::engine
