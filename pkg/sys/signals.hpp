// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ctool::sys {

// "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3" -> number, 1 to 64.
std::optional<int> ParseSignal(std::string_view text);
// 15 -> "SIGTERM", 37 -> "SIGRTMIN+3".
std::string SignalName(int sig);

// Default dispositions and an empty mask, for a process that is to become another. Async-signal-safe.
void ResetSignals() noexcept;

}  // namespace ctool::sys
