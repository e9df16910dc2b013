// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/frame.hpp"
#include "runtime/plan.hpp"
#include "userns/userns.hpp"

namespace ctool::runtime {

// What init is born to.
struct Birth {
  uint64_t namespaces = 0;    // CLONE_NEW* of the container's own
  bool awaits_group = false;  // the cgroup namespace is not made yet: it is when kGroupDone has come
};

// PID 1 of the container from clone to exec. `stdio`: descriptors to become 0, 1
// and 2 (ignored with a terminal); `preserved` become 3, 4, ... Every failure is a kFailed frame, then _exit(125).
[[noreturn]] void InitMain(const Birth& birth, const SyncSocket& sync, const int (&stdio)[3],
                           const std::vector<int>& preserved);

// Others' namespaces that a container gets.
struct Origin {
  std::vector<int> processes;  // a pidfd, or a descriptor of each namespace, the user's first; empty: none
  uint64_t joined = 0;         // CLONE_NEW*, with CLONE_NEWUSER always: whoever owns the others
};

// The short life of who enters a user namespace and clones init there, a child of our parent. If `namespaces` has
// CLONE_NEWUSER, that becomes a child of the one that is entered, and gets `map`, whose outside is there; with all
// privileges in the parent namespace that needs no helper. The pid is a kJoined frame; then init goes on as InitMain.
[[noreturn]] void SpawnMain(const Origin& origin, uint64_t namespaces, const Birth& birth, const userns::IdMap& map, const SyncSocket& sync,
                            const int (&stdio)[3], const std::vector<int>& preserved);

// Joins the namespaces `plan.namespaces` of a container's init (a pidfd) and makes a process there, a child of our
// parent, which executes what the plan's process says. Its pid is a kJoined frame; then it goes on as InitMain does.
[[noreturn]] void JoinMain(int init, InitPlan plan, const SyncSocket& sync, const int (&stdio)[3],
                           const std::vector<int>& preserved);

}  // namespace ctool::runtime
