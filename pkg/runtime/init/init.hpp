// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/frame.hpp"
#include "runtime/plan.hpp"

namespace ctool::runtime {

// PID 1 of the container from clone (into `namespaces`, CLONE_NEW*) to exec. `stdio`: descriptors to become 0, 1
// and 2 (ignored with a terminal); `preserved` become 3, 4, ... Every failure is a kFailed frame, then _exit(125).
[[noreturn]] void InitMain(uint64_t namespaces, const SyncSocket& sync, const int (&stdio)[3],
                           const std::vector<int>& preserved);

// Joins the namespaces `plan.namespaces` of a container's init (a pidfd) and makes a process there, a child of our
// parent, which executes what the plan's process says. Its pid is a kJoined frame; then it goes on as InitMain does.
[[noreturn]] void JoinMain(int init, InitPlan plan, const SyncSocket& sync, const int (&stdio)[3],
                           const std::vector<int>& preserved);

}  // namespace ctool::runtime
