// SPDX-License-Identifier: Apache-2.0
#include "monitor/stop_mark.hpp"

#include <optional>
#include <vector>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::monitor {

std::string StopFile(const std::string& run_dir) { return run_dir + "/stop"; }
std::string PausedFile(const std::string& run_dir) { return run_dir + "/paused"; }

bool SomebodyWaits(const std::string& run_dir, std::string_view word) {
  const Result<std::string> text = sys::ReadFile(StopFile(run_dir));
  if (!text.ok()) return false;
  for (const std::string& line : Split(*text, '\n')) {
    const std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() < 3 || (!word.empty() && fields[2] != word)) continue;
    const std::optional<int64_t> pid = ParseInt(fields[0]);
    const std::optional<uint64_t> since = ParseUint(fields[1]);
    if (!pid || !since || *pid <= 0) continue;
    const Result<uint64_t> now = sys::ProcessStartTime(static_cast<pid_t>(*pid));
    if (now.ok() && *now == *since) return true;
  }
  return false;
}

}  // namespace ctool::monitor
