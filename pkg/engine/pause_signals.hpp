// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "base/result.hpp"

namespace ctool::engine {

// SIGSTOP or SIGCONT for every process of the pid namespace whose first process is `init`, and of the namespaces
// inside it, until all of them have taken it: what they fork meanwhile is met too. kUnsupported where that namespace
// is our own.
Status SignalAll(pid_t init, int signal);

}  // namespace ctool::engine
