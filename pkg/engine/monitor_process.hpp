// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "runtime/frame.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

// Starts ctool-monitor on a bundle; the returned socket is its only tie to us. The program file is
// never one that the container's root (the invoking user) could write to: CVE-2019-5736. `lock` is
// the container's; the monitor holds it from now on.
Result<runtime::SyncSocket> StartMonitor(Engine& engine, const std::string& bundle,
                                         const sys::FileLock& lock);

}  // namespace ctool::engine
