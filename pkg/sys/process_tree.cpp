// SPDX-License-Identifier: Apache-2.0
#include "sys/process_tree.hpp"

#include <poll.h>
#include <signal.h>

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {
namespace {

// The descendants of `root` that are not dead yet.
Result<std::map<pid_t, ProcessStat>> Descendants(pid_t root) {
  const Fd proc = TRY(Open("/proc", O_RDONLY | O_DIRECTORY));
  std::map<pid_t, ProcessStat> all;
  for (const std::string& name : TRY(ListDir(proc.get(), "/proc"))) {
    const std::optional<int64_t> pid = ParseInt(name);
    if (!pid) continue;
    const Result<ProcessStat> stat = ReadProcessStat(static_cast<pid_t>(*pid));
    if (stat.ok()) all.emplace(static_cast<pid_t>(*pid), *stat);
  }
  const auto descends = [&](pid_t pid) {
    // Parents that changed while the list was read could make a circle.
    for (size_t steps = 0; steps < all.size(); ++steps) {
      const auto found = all.find(pid);
      if (found == all.end()) return false;
      pid = found->second.parent;
      if (pid == root) return true;
    }
    return false;
  };
  const auto lives = [](const ProcessStat& stat) {
    return (stat.state != 'Z' && stat.state != 'X') || stat.threads > 1;
  };
  std::map<pid_t, ProcessStat> descendants;
  for (const auto& [pid, stat] : all)
    if (lives(stat) && descends(pid)) descendants.emplace(pid, stat);
  return descendants;
}

Status KillDescendants(pid_t root) {
  constexpr int64_t kMostNanos = 2'000'000'000;
  // One look does not see who was started while it read /proc, by somebody who was dead when it came to him.
  constexpr int kLooks = 2;
  int unseen = 0;
  for (const int64_t deadline = MonotonicNanos() + kMostNanos;;) {
    const std::map<pid_t, ProcessStat> descendants = TRY(Descendants(root));
    unseen = descendants.empty() ? unseen + 1 : 0;
    if (unseen == kLooks) return Ok();
    for (const auto& [pid, stat] : descendants) {
      const Result<Fd> pidfd = OpenProcess(pid, stat.start_time);
      if (!pidfd.ok()) continue;  // gone
      if (PidfdSendSignal(pidfd->get(), SIGKILL) < 0 && errno != ESRCH) return Error::Sys(errno, "kill", std::to_string(pid));
    }
    if (MonotonicNanos() > deadline)
      return Error(Code::kBusy, "processes come faster below " + std::to_string(root) + " than they can be killed");
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace

Status KillTree(Child child) {
  // One that is stopped starts no more; it still takes in what has lost its parent.
  TRY(child.Signal(SIGSTOP));
  const Status killed = KillDescendants(child.pid());
  TRY(child.Signal(SIGKILL));
  TRY(child.Wait());
  return killed;
}

}  // namespace ctool::sys
