// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "runtime/frame.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// RUN_DIR/ctl: where commands find the monitor of a container that runs. The folder is 0700, so that only its
// owner can connect. A run directory of any length will do.
Result<sys::Fd> ListenControl(const std::string& run_dir);
void RemoveControl(const std::string& run_dir);

// False: nobody was there after all.
Result<bool> AcceptControl(int listener, runtime::SyncSocket& into);

// ENOENT or ECONNREFUSED: no monitor is there.
Result<runtime::SyncSocket> ConnectControl(const std::string& run_dir);

}  // namespace ctool::monitor
