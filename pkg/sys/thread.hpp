// SPDX-License-Identifier: Apache-2.0
#pragma once

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
    return Error::Sys(e.code().value(), "start a thread");
  }
}

}  // namespace ctool::sys
