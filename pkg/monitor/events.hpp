// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "monitor/config.hpp"

namespace ctool::monitor {

// The events that nobody else sees in time. What cannot be written is lost: the container goes on.
// `again`: by its restart policy. `attached`: a command gets its output.
void TellStarted(const Config& config, bool again, bool attached);
// "exec" and "exec_died".
void TellSession(const Config& config, const char* status, std::optional<int> exit_code);
void TellHealth(const Config& config, const std::string& health);
void TellDied(const Config& config, int exit_code);

}  // namespace ctool::monitor
