// SPDX-License-Identifier: Apache-2.0
#include "seccomp/install.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace ctool::seccomp {

int InstallFilter(const sock_filter* filter, unsigned short length) noexcept {
  const sock_fprog program{length, const_cast<sock_filter*>(filter)};
  // No flags: SPEC_ALLOW would lift a mitigation, LOG would let a container fill the host's log.
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

int InstallListener(const sock_filter* filter, unsigned short length) noexcept {
  constexpr unsigned kWaitKillable = 1U << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19
  const sock_fprog program{length, const_cast<sock_filter*>(filter)};
  // While its question is answered a call is not interrupted by signals, which programs would see as EINTR of calls
  // that never return it.
  for (const unsigned flags : {SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable, SECCOMP_FILTER_FLAG_NEW_LISTENER}) {
    const long fd = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno != EINVAL) break;
  }
  return -errno;
}

}  // namespace ctool::seccomp
