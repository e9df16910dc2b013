// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/frame.hpp"

namespace ctool::monitor {

// Runs the container of `bundle` (config.json, monitor.json) to its end, for the command at the
// other end of `command`. Returns the monitor's own exit status; what went wrong has been told to
// the command as a kFailed frame.
int Supervise(const std::string& bundle, runtime::SyncSocket command);

}  // namespace ctool::monitor
