// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::events {

// The log is this file below the run root: it is gone after a reboot.
inline constexpr char kFileName[] = "events.log";

// What all events of one thing have in common, as the end of a line. `attributes` is a JSON object, or empty.
struct Subject {
  std::string_view type;  // "container", "image", "volume", "system"
  std::string_view id, name, image;
  std::string_view attributes;
};
std::string Common(const Subject& subject);

// What one event has beside that: Member("health_status", "healthy"), to be put behind `common`.
std::string Member(const char* key, std::string_view value);

// One line of the log, which happened now.
std::string Line(std::string_view status, std::string_view common, std::optional<int> exit_code = std::nullopt);

// Appends whole lines with one write, so that those of several processes do not mix. Takes some 10 us and waits for no
// disk. A log that has become long is renamed to NAME.1 and begun anew.
inline constexpr long kMaxSize = 4 << 20;
Status Append(const std::string& log, std::string_view lines, long max_size = kMaxSize);

}  // namespace ctool::events
