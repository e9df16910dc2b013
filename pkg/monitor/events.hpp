// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitor/config.hpp"

namespace ctool::monitor {

// The events that nobody else sees in time. What cannot be written is lost: the container goes on.
// `again`: by its restart policy. `attached`: a command gets its output.
void TellStarted(const Config& config, bool again, bool attached);
void TellDied(const Config& config, int exit_code);

}  // namespace ctool::monitor
