// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "doctor/checks_internal.hpp"
#include "sys/syscalls.hpp"

namespace ctool::doctor {
namespace {

// A call with arguments that no kernel takes fails with another errno than a call that does not exist. EPERM is what
// filters give that know no better, and nothing that these arguments could lead to.
bool IsRefused(long result) { return result < 0 && (errno == ENOSYS || errno == EPERM); }

}  // namespace

Result<int> TryFreshProc() {
  return userns::RunInside(userns::SingleIdMap("", ""), [] {
    if (::unshare(CLONE_NEWPID) < 0) return errno;
    const pid_t pid = ::fork();
    if (pid < 0) return errno;
    if (pid == 0) ::_exit(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ? 0 : errno);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  });
}

std::vector<std::string> RefusedCalls() {
  std::vector<std::string> refused;
  const auto note = [&](const char* name, long result) {
    if (IsRefused(result)) refused.emplace_back(name);
  };
  note("openat2", ::syscall(SYS_openat2, -1, "", nullptr, 0));
  note("clone3", ::syscall(SYS_clone3, nullptr, 0));
  note("close_range", ::syscall(SYS_close_range, 1U, 0U, 0U));
  note("pidfd_open", ::syscall(SYS_pidfd_open, -1, 0U));
  note("pidfd_send_signal", ::syscall(SYS_pidfd_send_signal, -1, 0, nullptr, 0));
  return refused;
}

}  // namespace ctool::doctor
