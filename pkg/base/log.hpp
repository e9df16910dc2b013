// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ctool {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };

// The one piece of mutable global state in the program. Default: kWarn.
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

// One line on stderr, made Printable: "warning: text", "debug: text".
void Log(LogLevel level, std::string_view text);
inline void Warn(std::string_view text) { Log(LogLevel::kWarn, text); }
inline void Debug(std::string_view text) { Log(LogLevel::kDebug, text); }

}  // namespace ctool
