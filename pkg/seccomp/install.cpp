// SPDX-License-Identifier: Apache-2.0
#include "seccomp/install.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ctool::seccomp {

int InstallFilter(const sock_filter* filter, unsigned short length) noexcept {
  const sock_fprog program{length, const_cast<sock_filter*>(filter)};
  // No flags: SPEC_ALLOW would lift a mitigation, LOG would let a container fill the host's log.
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

}  // namespace ctool::seccomp
