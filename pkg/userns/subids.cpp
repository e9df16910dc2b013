// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "base/log.hpp"
#include "base/text.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

constexpr uint64_t kInvalidId = UINT32_MAX;  // (uid_t)-1: no file may ever be owned by it

// Calls `line(number, owner, rest)` for each line that has an owner; `rest` is "first:count".
template <class F>
void ForEachLine(std::string_view text, const F& line) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t colon = whole.find(':');
    if (colon != std::string_view::npos && colon > 0)
      line(number, whole.substr(0, colon), whole.substr(colon + 1));
  }
}

// "first:count", decimal, nothing else: newuidmap refuses a line with a blank, a comment or a
// carriage return, so a range read from such a line could not be used.
std::optional<SubidRange> ParseRange(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> first = ParseUint(text.substr(0, colon));
  const std::optional<uint64_t> count = ParseUint(text.substr(colon + 1));
  if (!first || !count || *count == 0 || *first >= kInvalidId || *count > kInvalidId - *first)
    return std::nullopt;
  return SubidRange{static_cast<uint32_t>(*first), static_cast<uint32_t>(*count)};
}

}  // namespace

SubidScan ScanSubids(std::string_view text, std::string_view user_name, uid_t uid) {
  const std::string uid_text = std::to_string(uid);
  SubidScan scan;
  ForEachLine(text, [&](size_t number, std::string_view owner, std::string_view rest) {
    if (owner != user_name && owner != uid_text) return;
    if (const std::optional<SubidRange> range = ParseRange(rest)) {
      scan.ranges.push_back(*range);
      return;
    }
    if (scan.first_bad_line == 0) scan.first_bad_line = number;
    Debug("subordinate ids: line " + std::to_string(number) +
          " is malformed: " + std::string(rest.substr(0, 100)));
  });
  return scan;
}

std::vector<SubidRange> ParseSubids(std::string_view text, std::string_view user_name, uid_t uid) {
  return ScanSubids(text, user_name, uid).ranges;
}

uint64_t FirstFreeId(std::string_view text) {
  uint64_t free = 0;
  ForEachLine(text, [&](size_t, std::string_view, std::string_view rest) {
    if (const std::optional<SubidRange> range = ParseRange(rest))
      free = std::max(free, uint64_t{range->first} + range->count);
  });
  return free;
}

}  // namespace ctool::userns
