// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/frame.hpp"
#include "runtime/plan.hpp"

namespace ctool::runtime {

// PID 1 of the container from clone to exec. `stdio`: descriptors to become 0, 1 and 2 (ignored
// with a terminal). Every failure is a kFailed frame, then _exit(125).
[[noreturn]] void InitMain(const InitPlan& plan, const SyncSocket& sync, const int (&stdio)[3]);

}  // namespace ctool::runtime
