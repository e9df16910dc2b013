// SPDX-License-Identifier: Apache-2.0
#include "monitor/others.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>

#include "base/log.hpp"
#include "sys/process_tree.hpp"
#include "sys/procfs.hpp"
#include "sys/syscalls.hpp"

namespace ctool::monitor {
namespace {

// Those that are in the namespace, and what these have started elsewhere.
Result<std::map<pid_t, sys::ProcessStat>> Members(const struct stat& mounts) {
  const auto inside = [&](pid_t pid) {
    struct stat theirs {};
    return ::stat(("/proc/" + std::to_string(pid) + "/ns/mnt").c_str(), &theirs) == 0 && theirs.st_ino == mounts.st_ino &&
           theirs.st_dev == mounts.st_dev;
  };
  std::map<pid_t, sys::ProcessStat> members = TRY(sys::WithDescendants(inside));
  std::erase_if(members, [](const auto& one) {
    return one.first == ::getpid() || one.second.state == 'Z' || one.second.state == 'X';
  });
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
