// SPDX-License-Identifier: Apache-2.0
#include "sys/signals.hpp"

#include <signal.h>

#include <cstring>

#include "base/text.hpp"

namespace ctool::sys {
namespace {

// The kernel's numbers: glibc keeps the first two real-time signals for itself and calls the third
// SIGRTMIN; container tools count from the same place.
constexpr int kRtMin = 34, kRtMax = 64;

}  // namespace

std::optional<int> ParseSignal(std::string_view text) {
  if (const std::optional<uint64_t> number = ParseUint(text))
    return *number >= 1 && *number <= kRtMax ? std::optional(static_cast<int>(*number)) : std::nullopt;
  std::string name = ToLower(text);
  if (StartsWith(name, "sig")) name.erase(0, 3);
  if (name == "iot") name = "abrt";
  if (name == "cld") name = "chld";
  if (name == "poll") name = "io";
  for (int sig = 1; sig < kRtMin; ++sig) {
    const char* abbreviation = ::sigabbrev_np(sig);
    const std::string known = abbreviation == nullptr ? "" : ToLower(abbreviation);
    if (!known.empty() && (known == name || (known == "poll" && name == "io"))) return sig;
  }
  const auto offset = [&](std::string_view prefix) -> std::optional<int> {
    if (!StartsWith(name, prefix)) return std::nullopt;
    const std::string_view rest = std::string_view(name).substr(prefix.size());
    if (rest.empty()) return 0;
    const std::optional<int64_t> n = ParseInt(rest[0] == '+' ? rest.substr(1) : rest);
    return n && *n >= -30 && *n <= 30 ? std::optional(static_cast<int>(*n)) : std::nullopt;
  };
  std::optional<int> sig;
  if (const auto n = offset("rtmin"); n && *n >= 0) sig = kRtMin + *n;
  if (const auto n = offset("rtmax"); n && *n <= 0) sig = kRtMax + *n;
  return sig && *sig >= kRtMin && *sig <= kRtMax ? sig : std::nullopt;
}

std::string SignalName(int sig) {
  if (sig >= kRtMin && sig <= kRtMax)
    return sig == kRtMin ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(sig - kRtMin);
  const char* abbreviation = ::sigabbrev_np(sig);
  return abbreviation == nullptr ? std::to_string(sig) : std::string("SIG") + abbreviation;
}

void ResetSignals() noexcept {
  for (int sig = 1; sig < NSIG; ++sig)
    if (sig != SIGKILL && sig != SIGSTOP) ::signal(sig, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace ctool::sys
