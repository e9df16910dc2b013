// SPDX-License-Identifier: Apache-2.0
//
// The only part of this module that runs inside a container's init. It links nothing.
#pragma once

#include <linux/filter.h>

namespace ctool::seccomp {

// Puts the calling thread under `filter` for good. Needs no_new_privs or CAP_SYS_ADMIN in the
// user namespace. Returns 0 or the errno; async-signal-safe.
int InstallFilter(const sock_filter* filter, unsigned short length) noexcept;

// The same for a filter with SECCOMP_RET_USER_NOTIF. Returns the descriptor at which its questions are read
// (close-on-exec), or minus the errno: EBUSY when the process is under a filter with a listener already.
int InstallListener(const sock_filter* filter, unsigned short length) noexcept;

}  // namespace ctool::seccomp
