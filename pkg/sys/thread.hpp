// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <functional>
#include <system_error>
#include <thread>

#include "base/result.hpp"

namespace ctool::sys {

// A thread, or the reason why there can't be one (RLIMIT_NPROC, the pids limit of a cgroup).
inline Result<std::thread> StartThread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& e) {
    Error error = Error::Sys(e.code().value(), "start a thread");
    if (e.code().value() != EPERM) return error;
    // libc goes on with clone when it hears ENOSYS only.
    return std::move(error).Hint("a seccomp filter around ctool refuses clone3 with EPERM: ENOSYS there, or leave, lets threads be made; see: ctool doctor");
  }
}

}  // namespace ctool::sys
