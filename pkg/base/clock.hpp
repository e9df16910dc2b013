// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctool {

// Wall clock (CLOCK_REALTIME) in nanoseconds since 1970, as records and logs keep it.
// Timeouts use MonotonicNanos.
int64_t WallNanos();
int64_t MonotonicNanos();

// RFC 3339 with nine digits, as OCI documents and k8s-file logs have it.
std::string Rfc3339Utc(int64_t wall_nanos);    // 2006-01-02T15:04:05.000000000Z
std::string Rfc3339Local(int64_t wall_nanos);  // 2006-01-02T15:04:05.000000000-07:00
std::optional<int64_t> ParseRfc3339(std::string_view text);

// "Less than a second", "5 seconds", "About a minute", "3 hours": docker/go-units' HumanDuration,
// which ps and images print before "ago".
std::string HumanDuration(int64_t nanos);

// Go's duration syntax: "1h30m", "250ms", "10s"; nanoseconds.
std::optional<int64_t> ParseGoDuration(std::string_view text);

}  // namespace ctool
