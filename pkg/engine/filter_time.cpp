// SPDX-License-Identifier: Apache-2.0
#include "engine/filter_time.hpp"

#include <ctime>
#include <optional>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace ctool::engine {
namespace {

// The zone at the end of a date or time: "", "Z", "+02:00", and where it begins.
size_t ZoneStart(const std::string& text) {
  if (EndsWith(text, "Z")) return text.size() - 1;
  const bool offset = text.size() > 16 && text[text.size() - 3] == ':' && (text[text.size() - 6] == '+' || text[text.size() - 6] == '-');
  return offset ? text.size() - 6 : text.size();
}

std::optional<int64_t> ParseDate(const std::string& text) {
  constexpr std::string_view kWhole = "0000-00-00T00:00:00";
  const size_t zone = ZoneStart(text);
  std::string time = text.substr(0, zone);
  // The parts that are missing: a date, an hour, minutes.
  if (time.size() != 10 && time.size() != 13 && time.size() != 16 && time.size() < kWhole.size()) return std::nullopt;
  if (time.size() < kWhole.size()) time += kWhole.substr(time.size());
  const std::optional<int64_t> utc = ParseRfc3339(time + (zone < text.size() ? text.substr(zone) : "Z"));
  if (!utc || zone < text.size()) return utc;
  const time_t seconds = *utc / 1'000'000'000;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  parts.tm_isdst = -1;
  return static_cast<int64_t>(::mktime(&parts)) * 1'000'000'000 + *utc % 1'000'000'000;
}

// "SECONDS[.NANOSECONDS]"
std::optional<int64_t> ParseSeconds(const std::string& text) {
  constexpr int64_t kMost = INT64_MAX / 1'000'000'000 - 1;
  const size_t dot = text.find('.');
  const std::optional<int64_t> seconds = ParseInt(text.substr(0, dot));
  if (!seconds || *seconds > kMost || *seconds < -kMost) return std::nullopt;
  if (dot == text.npos) return *seconds * 1'000'000'000;
  std::string fraction = text.substr(dot + 1, 9);
  fraction.resize(9, '0');
  const std::optional<uint64_t> nanos = ParseUint(fraction);
  return nanos ? std::optional(*seconds * 1'000'000'000 + static_cast<int64_t>(*nanos)) : std::nullopt;
}

}  // namespace

Result<int64_t> ParseFilterTime(const std::string& text) {
  if (const std::optional<int64_t> back = ParseGoDuration(text)) return WallNanos() - *back;
  if (const std::optional<int64_t> at = ParseDate(text)) return *at;
  if (const std::optional<int64_t> at = ParseSeconds(text)) return *at;
  return Error(Code::kInvalidArgument, "failed to parse value as time or duration: " + Quote(text));
}

}  // namespace ctool::engine
