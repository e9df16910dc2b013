// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ctool::monitor {

// RUN_DIR/stop: each line is a process that waits for the container's end: "PID STARTTIME WORD".
std::string StopFile(const std::string& run_dir);

// RUN_DIR/paused: it is there while the container is.
std::string PausedFile(const std::string& run_dir);

// True if one who wrote a line with this last word lives; any word if it is empty.
bool SomebodyWaits(const std::string& run_dir, std::string_view word = {});

}  // namespace ctool::monitor
