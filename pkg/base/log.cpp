// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/text.hpp"
#include "base/trace.hpp"

namespace ctool {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kWarn};

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace: return "trace";
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warning";
    case LogLevel::kError: return "error";
  }
  return "log";
}

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }
bool LogEnabled(LogLevel level) { return level >= g_level; }

void Log(LogLevel level, std::string_view text) {
  if (!LogEnabled(level)) return;
  // Several programs speak: where all is shown, each line says whose it is.
  const std::string source = LogEnabled(LogLevel::kDebug) ? std::string(Source()) + ": " : "";
  const std::string line = std::string(Name(level)) + ": " + source + Printable(text) + "\n";
  // One write, so that lines of several processes don't mix. A stderr that can't be written to
  // leaves nobody to tell.
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

}  // namespace ctool
