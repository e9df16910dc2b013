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
#include "sys/procfs.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

// Empty when it is gone, or nobody may know.
std::string PidNamespace(const std::string& pid) {
  Result<std::string> link = sys::ReadLinkAt(AT_FDCWD, "/proc/" + pid + "/ns/pid");
  return link.ok() ? std::move(*link) : "";
}

// In the namespace are those whose link says so (an exec session's parent is outside), and the children of those that
// are: a nested namespace, or a program whose links nobody may read.
Result<std::map<pid_t, sys::ProcessStat>> Members(const std::string& name_space) {
  const sys::Fd proc = TRY(sys::Open("/proc", O_RDONLY | O_DIRECTORY));
  std::map<pid_t, sys::ProcessStat> others, members;
  for (const std::string& name : TRY(sys::ListDir(proc.get(), "/proc"))) {
    const std::optional<int64_t> pid = ParseInt(name);
    if (!pid) continue;
    const Result<sys::ProcessStat> process = sys::ReadProcessStat(static_cast<pid_t>(*pid));
    if (!process.ok()) continue;  // gone
    (PidNamespace(name) == name_space ? members : others)[static_cast<pid_t>(*pid)] = *process;
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (auto it = others.begin(); it != others.end();) {
      if (members.count(it->second.parent) == 0) {
        ++it;
        continue;
      }
      members.insert(*it);
      it = others.erase(it);
      grown = true;
    }
  }
  return members;
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
  const std::string name_space = PidNamespace(std::to_string(init));
  if (name_space.empty()) return Error(Code::kNotFound, "process " + std::to_string(init) + " is gone");
  if (name_space == PidNamespace("self"))
    return Error(Code::kUnsupported, "the container shares the host's pid namespace: it cannot be paused by signals");
  constexpr int64_t kMostNanos = 5'000'000'000;
  std::set<pid_t> sent;
  for (const int64_t deadline = MonotonicNanos() + kMostNanos;;) {
    bool settled = true;
    for (const auto& [pid, process] : TRY(Members(name_space))) {
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
