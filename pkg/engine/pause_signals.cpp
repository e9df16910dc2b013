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

struct Process {
  pid_t parent = 0;
  char state = '?';  // proc(5): T is stopped, Z a zombie
  uint64_t started = 0;
};

// proc(5) stat; nothing when it is gone.
std::optional<Process> ReadProcess(const std::string& pid) {
  const Result<std::string> stat = sys::ReadFile("/proc/" + pid + "/stat");
  const size_t end = stat.ok() ? stat->rfind(") ") : std::string::npos;
  if (end == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields = Split(std::string_view(*stat).substr(end + 2), ' ');  // from field 3 on
  if (fields.size() < 20 || fields[0].size() != 1) return std::nullopt;
  const std::optional<int64_t> parent = ParseInt(fields[1]);
  const std::optional<uint64_t> started = ParseUint(fields[19]);
  if (!parent || !started) return std::nullopt;
  return Process{static_cast<pid_t>(*parent), fields[0][0], *started};
}

// Empty when it is gone, or nobody may know.
std::string PidNamespace(const std::string& pid) {
  Result<std::string> link = sys::ReadLinkAt(AT_FDCWD, "/proc/" + pid + "/ns/pid");
  return link.ok() ? std::move(*link) : "";
}

// In the namespace are those whose link says so (an exec session's parent is outside), and the children of those that
// are: a nested namespace, or a program whose links nobody may read.
Result<std::map<pid_t, Process>> Members(const std::string& name_space) {
  const sys::Fd proc = TRY(sys::Open("/proc", O_RDONLY | O_DIRECTORY));
  std::map<pid_t, Process> others, members;
  for (const std::string& name : TRY(sys::ListDir(proc.get(), "/proc"))) {
    const std::optional<int64_t> pid = ParseInt(name);
    const std::optional<Process> process = pid ? ReadProcess(name) : std::nullopt;
    if (!process) continue;
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
bool HasTaken(const Process& process, int signal, bool sent) {
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
      const Result<sys::Fd> pidfd = sys::OpenProcess(pid, process.started);
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
