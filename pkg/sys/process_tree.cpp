// SPDX-License-Identifier: Apache-2.0
#include "sys/process_tree.hpp"

#include <poll.h>
#include <signal.h>

#include <string>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {

Result<std::map<pid_t, ProcessStat>> WithDescendants(const std::function<bool(pid_t)>& belongs) {
  const Fd proc = TRY(Open("/proc", O_RDONLY | O_DIRECTORY));
  std::map<pid_t, ProcessStat> others, members;
  for (const std::string& name : TRY(ListDir(proc.get(), "/proc"))) {
    const std::optional<int64_t> number = ParseInt(name);
    if (!number) continue;
    const pid_t pid = static_cast<pid_t>(*number);
    const Result<ProcessStat> process = ReadProcessStat(pid);
    if (process.ok()) (belongs(pid) ? members : others)[pid] = *process;  // else it is gone
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

namespace {

// The descendants of `root` that are not dead yet.
Result<std::map<pid_t, ProcessStat>> Descendants(pid_t root) {
  const auto dead = [](const ProcessStat& stat) { return (stat.state == 'Z' || stat.state == 'X') && stat.threads <= 1; };
  std::map<pid_t, ProcessStat> descendants = TRY(WithDescendants([root](pid_t pid) { return pid == root; }));
  std::erase_if(descendants, [&](const auto& one) { return one.first == root || dead(one.second); });
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
