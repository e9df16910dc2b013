// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitor/config.hpp"

namespace ctool::monitor {

// sd_notify(3): whose pid the service manager is to watch, ours, and with --sdnotify=conmon that the container is
// ready. What cannot be told is lost: the container goes on.
void TellSystemd(const Config& config);

}  // namespace ctool::monitor
