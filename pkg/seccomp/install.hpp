// SPDX-License-Identifier: Apache-2.0
//
// The only part of this module that runs inside a container's init. It links nothing.
#pragma once

#include <linux/filter.h>

namespace ctool::seccomp {

// Puts the calling thread under `filter` for good. Needs no_new_privs or CAP_SYS_ADMIN in the
// user namespace. Returns 0 or the errno; async-signal-safe.
int InstallFilter(const sock_filter* filter, unsigned short length) noexcept;

}  // namespace ctool::seccomp
