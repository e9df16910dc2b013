// SPDX-License-Identifier: Apache-2.0
//
// The calls that glibc 2.36 has no wrapper for, or whose header does not work in C++. Return
// values and errno are the kernel's. Async-signal-safe: init uses them after clone.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>

namespace ctool::sys {

// Linux 5.3. Where it, or close_range, is refused (seccomp filters around us), by older calls: a new time namespace and
// cleared signal handlers are not to be had then.
long Clone3(clone_args* args) noexcept;
int PidfdOpen(pid_t pid, unsigned flags) noexcept;                   // Linux 5.3
int PidfdSendSignal(int pidfd, int sig) noexcept;                    // Linux 5.1
int RawOpenat2(int dirfd, const char* path, const open_how& how) noexcept;  // Linux 5.6
int PivotRoot(const char* new_root, const char* put_old) noexcept;
int CloseRange(unsigned first, unsigned last, unsigned flags) noexcept;     // Linux 5.9

}  // namespace ctool::sys
