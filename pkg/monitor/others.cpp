// SPDX-License-Identifier: Apache-2.0
#include "monitor/others.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/syscalls.hpp"

namespace ctool::monitor {
namespace {

// By pid; those that are in the namespace, and what these have started elsewhere.
Result<std::map<pid_t, sys::ProcessStat>> Members(const struct stat& mounts) {
  const sys::Fd proc = TRY(sys::Open("/proc", O_RDONLY | O_DIRECTORY));
  std::map<pid_t, sys::ProcessStat> others, members;
  for (const std::string& name : TRY(sys::ListDir(proc.get(), "/proc"))) {
    const std::optional<int64_t> pid = ParseInt(name);
    if (!pid || *pid == ::getpid()) continue;
    const Result<sys::ProcessStat> process = sys::ReadProcessStat(static_cast<pid_t>(*pid));
    if (!process.ok() || process->state == 'Z' || process->state == 'X') continue;
    struct stat theirs {};
    const bool inside = ::fstatat(proc.get(), (name + "/ns/mnt").c_str(), &theirs, 0) == 0 && theirs.st_ino == mounts.st_ino &&
                        theirs.st_dev == mounts.st_dev;
    (inside ? members : others)[static_cast<pid_t>(*pid)] = *process;
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

}  // namespace

void EndOthers(int mounts) {
  struct stat st {};
  if (mounts < 0 || ::fstat(mounts, &st) < 0) return;
  // Who forks meanwhile is met by the next look.
  constexpr int kLooks = 200;
  for (int look = 0; look < kLooks; ++look) {
    const auto members = Members(st);
    if (!members.ok()) return Debug(members.error().Message());
    if (members->empty()) return;
    for (const auto& [pid, process] : *members) {
      const Result<sys::Fd> pidfd = sys::OpenProcess(pid, process.start_time);
      if (pidfd.ok() && sys::PidfdSendSignal(pidfd->get(), SIGKILL) < 0 && errno != ESRCH)
        Debug(Error::Sys(errno, "end process", std::to_string(pid)).Message());
    }
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace ctool::monitor
