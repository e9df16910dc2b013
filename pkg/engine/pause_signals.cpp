// SPDX-License-Identifier: Apache-2.0
#include "engine/pause_signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"
#include "sys/process_tree.hpp"
#include "sys/procfs.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

// Empty when it is gone, or nobody may know. `type`: "pid", "mnt".
std::string NamespaceOf(const std::string& pid, const char* type) {
  Result<std::string> link = sys::ReadLinkAt(AT_FDCWD, "/proc/" + pid + "/ns/" + type);
  return link.ok() ? std::move(*link) : "";
}

// In the namespace are those whose link says so (an exec session's parent is outside), and the children of those that
// are: a nested namespace, or a program whose links nobody may read.
Result<std::map<pid_t, sys::ProcessStat>> Members(const std::string& name_space, const char* type) {
  return sys::WithDescendants([&](pid_t pid) { return NamespaceOf(std::to_string(pid), type) == name_space; });
}

// In its innermost pid namespace it is number 1.
bool IsFirst(pid_t init) {
  const Result<std::string> status = sys::ReadFile("/proc/" + std::to_string(init) + "/status");
  if (!status.ok()) return true;
  const size_t line = status->find("\nNSpid:");
  const std::string numbers = line == std::string::npos ? "" : status->substr(line + 1, status->find('\n', line + 1) - line - 1);
  return numbers.size() > 2 && EndsWith(numbers, "\t1");
}

// What a process still has to take. One that sleeps uninterruptibly (its vforked child is stopped) has the signal
// pending, and takes it before it runs again.
bool HasTaken(const sys::ProcessStat& process, int signal, bool sent) {
  if (process.state == 'Z' || process.state == 'X') return true;
  if (signal == SIGCONT) return process.state != 'T';
  return process.state == 'T' || process.state == 't' || (process.state == 'D' && sent);
}

}  // namespace

Status SignalAll(pid_t init, int signal) {
  // One that shares its pid namespace, with the host or another container, has its mounts for itself.
  const char* type = IsFirst(init) ? "pid" : "mnt";
  const std::string name_space = NamespaceOf(std::to_string(init), type);
  if (name_space.empty()) return Error(Code::kNotFound, "process " + std::to_string(init) + " is gone");
  if (name_space == NamespaceOf("self", type))
    return Error(Code::kUnsupported, "the container shares the host's namespaces: it cannot be paused by signals");
  constexpr int64_t kMostNanos = 5'000'000'000;
  std::set<pid_t> sent;
  for (const int64_t deadline = MonotonicNanos() + kMostNanos;;) {
    bool settled = true;
    for (const auto& [pid, process] : TRY(Members(name_space, type))) {
      if (HasTaken(process, signal, sent.count(pid) > 0)) continue;
      settled = false;
      const Result<sys::Fd> pidfd = sys::OpenProcess(pid, process.start_time);
      if (!pidfd.ok()) continue;  // gone
      if (sys::PidfdSendSignal(pidfd->get(), signal) < 0 && errno != ESRCH)
        return Error::Sys(errno, "send " + sys::SignalName(signal), std::to_string(pid));
      sent.insert(pid);
    }
    if (settled) return Ok();
    if (MonotonicNanos() > deadline)
      return Error(Code::kBusy, "not every process of the container took " + sys::SignalName(signal));
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace ctool::engine
