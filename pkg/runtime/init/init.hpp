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
// `shm`: the detached tree of another's /dev/shm, if its IPC namespace is shared.
[[noreturn]] void InitMain(const Birth& birth, const SyncSocket& sync, const int (&stdio)[3],
                           const std::vector<int>& preserved, sys::Fd shm = sys::Fd());

// Others' namespaces that a container gets, in the order in which they are entered: first of all a user namespace, since
// only there one may enter what it owns.
struct Origin {
  struct Part {
    int fd = -1;         // a pidfd, or a descriptor of one namespace
    uint64_t types = 0;  // CLONE_NEW* of that process; 0: it is a namespace
  };
  std::vector<Part> parts;  // empty: none
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
