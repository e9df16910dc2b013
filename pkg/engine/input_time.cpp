// SPDX-License-Identifier: Apache-2.0
#include "engine/input_time.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace ctool::engine {
namespace {

std::optional<int64_t> ParseDate(std::string_view text) {
  constexpr size_t kDate = sizeof "2006-01-02" - 1;
  const std::string whole(text);
  if (text.size() > kDate && text[kDate] == ' ') return std::nullopt;  // not in Go's layouts
  if (const std::optional<int64_t> time = ParseRfc3339(whole)) return time;
  if (const std::optional<int64_t> time = ParseRfc3339(whole + "Z")) return time;
  if (text.size() < kDate) return std::nullopt;
  const std::string zone = text.size() == kDate ? "Z" : whole.substr(kDate);
  return ParseRfc3339(whole.substr(0, kDate) + "T00:00:00" + zone);
}

std::optional<int64_t> ParseSeconds(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr double kMost = 9.2e9;  // beyond: no 64 bits of nanoseconds
  if (error != std::errc() || end != text.data() + text.size() || !(seconds > -kMost && seconds < kMost))
    return std::nullopt;
  // The whole seconds exactly; a double has no nanoseconds of today.
  const auto whole = static_cast<int64_t>(seconds);
  return whole * 1'000'000'000 + static_cast<int64_t>((seconds - static_cast<double>(whole)) * 1e9);
}

}  // namespace

Result<int64_t> ParseInputTime(std::string_view text, Direction direction) {
  if (const std::optional<int64_t> time = ParseDate(text)) return *time;
  if (const std::optional<int64_t> time = ParseSeconds(text)) return *time;
  const std::optional<int64_t> duration = ParseGoDuration(text);
  if (!duration) return Error(Code::kInvalidArgument, "unable to interpret time value");
  return direction == Direction::kSince ? WallNanos() - *duration : WallNanos() + *duration;
}

}  // namespace ctool::engine
