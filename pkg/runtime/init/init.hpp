// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "runtime/frame.hpp"

namespace ctool::runtime {

// PID 1 of the container from clone (into `namespaces`, CLONE_NEW*) to exec. `stdio`: descriptors to become 0, 1
// and 2 (ignored with a terminal). Every failure is a kFailed frame, then _exit(125).
[[noreturn]] void InitMain(uint64_t namespaces, const SyncSocket& sync, const int (&stdio)[3]);

}  // namespace ctool::runtime
