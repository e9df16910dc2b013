// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "monitor/streams.hpp"
#include "runtime/frame.hpp"

namespace ctool::monitor {

// A container that is made and not let go (`init`): RUN_DIR/held is there while it waits. Tells `command` so, lets it
// go, and waits until somebody comes by the control socket and says kGo (the returned word), who takes its place. An error: `init` (a
// pidfd) has ended, or the socket can't be had.
Result<Word> Hold(const std::string& run_dir, int init, int terminal, runtime::SyncSocket& command);
std::string HeldFile(const std::string& run_dir);

}  // namespace ctool::monitor
