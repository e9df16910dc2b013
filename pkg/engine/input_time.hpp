// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace ctool::engine {

// --since and --until: RFC 3339 (the time of day, its fraction and the zone may be left out: UTC), seconds since 1970
// with or without a fraction, or a Go duration, which is in the past for --since and in the future for --until.
// Wall ns; kInvalidArgument with podman's words.
enum class Direction { kSince, kUntil };
Result<int64_t> ParseInputTime(std::string_view text, Direction direction);

}  // namespace ctool::engine
