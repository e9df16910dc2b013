// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/frame.hpp"

namespace ctool::monitor {

// Takes the order for a container (kSandbox, kBundle; see frame.hpp) from the command at the other end of `command`
// and runs it to its end. Returns the monitor's own exit status; what went wrong has been told to the command as a
// kFailed frame.
int Supervise(runtime::SyncSocket command);

}  // namespace ctool::monitor
