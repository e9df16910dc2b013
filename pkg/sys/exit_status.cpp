// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::sys {
namespace {

// pidfd_info of linux/pidfd.h, which Debian 12's headers do not have yet.
struct PidfdInfo {
  uint64_t mask = 0, cgroup = 0;
  uint32_t pid = 0, tgid = 0, ppid = 0;
  uint32_t uids_and_gids[8] = {};
  int32_t exit_code = 0;  // as wait(2) has it
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr uint64_t kExit = 1 << 3;

// The pid behind a pidfd; nothing when it was reaped.
std::optional<pid_t> PidOf(int pidfd) {
  constexpr std::string_view kPid = "\nPid:\t";
  const Result<std::string> info = ReadFile("/proc/self/fdinfo/" + std::to_string(pidfd));
  const size_t at = info.ok() ? info->find(kPid) : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  const size_t start = at + kPid.size();
  const std::optional<int64_t> pid = ParseInt(std::string_view(*info).substr(start, info->find('\n', start) - start));
  return pid && *pid > 0 ? std::optional(static_cast<pid_t>(*pid)) : std::nullopt;
}

std::optional<int> StatusOfZombie(int pidfd) {
  const std::optional<pid_t> pid = PidOf(pidfd);
  if (!pid) return std::nullopt;
  // Without the right the status is a 0 that means nothing; the link asks for the same right.
  if (!ReadLinkAt(AT_FDCWD, "/proc/" + std::to_string(*pid) + "/ns/user").ok()) return std::nullopt;
  const Result<ProcessStat> stat = ReadProcessStat(*pid);
  // Still not reaped: so the number was nobody else's meanwhile.
  if (!stat.ok() || stat->state != 'Z' || PidOf(pidfd) != pid) return std::nullopt;
  return stat->wait_status;
}

std::optional<int> StatusOfReaped(int pidfd) {
  PidfdInfo info;
  info.mask = kExit;
  if (::ioctl(pidfd, kGetInfo, &info) < 0 || (info.mask & kExit) == 0) return std::nullopt;
  return info.exit_code;
}

}  // namespace

std::optional<ExitStatus> ExitStatusOf(int pidfd) {
  std::optional<int> status = StatusOfZombie(pidfd);
  if (!status) status = StatusOfReaped(pidfd);
  if (!status) return std::nullopt;
  if (WIFSIGNALED(*status)) return ExitStatus{128 + WTERMSIG(*status), WTERMSIG(*status)};
  return ExitStatus{WEXITSTATUS(*status), 0};
}

}  // namespace ctool::sys
