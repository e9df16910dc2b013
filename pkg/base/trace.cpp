// SPDX-License-Identifier: Apache-2.0
#include "base/trace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace ctool {
namespace {

std::atomic<const char*> g_source{"ctool"};
std::atomic<int> g_profile{-1};

}  // namespace

void SetSource(const char* source) { g_source = source; }
const char* Source() { return g_source; }
void SetProfile(int fd) { g_profile = fd; }
void EndProfile() {
  if (const int fd = g_profile.exchange(-1); fd >= 0) ::close(fd);
}

void FollowParent(const char* source) {
  SetSource(source);
  if (const char* level = std::getenv(kLogLevelVariable))
    SetLogLevel(std::string_view(level) == "trace" ? LogLevel::kTrace : LogLevel::kDebug);
  // Best effort: a command that has no profile works all the same.
  if (const char* file = std::getenv(kProfileVariable); file != nullptr && g_profile < 0)
    g_profile = ::open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
  ::unsetenv(kLogLevelVariable);
  ::unsetenv(kProfileVariable);
}

void Mark(std::string_view phase) {
  const int fd = g_profile;
  if (fd >= 0) {
    const std::string line = std::to_string(MonotonicNanos()) + " " + g_source.load() + " " + Printable(phase) + "\n";
    if (::write(fd, line.data(), line.size()) < 0) g_profile = -1;
  }
  if (LogEnabled(LogLevel::kDebug)) Debug(phase);
}

}  // namespace ctool
