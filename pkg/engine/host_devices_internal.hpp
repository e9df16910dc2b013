// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace ctool::engine {

// The device nodes below `folder` ("/dev") that a privileged container gets, sorted. Not among them:
// what every container has of its own (pts, shm, mqueue, console, ptmx), and the virtual consoles
// (tty1), which it could take over. Folders that can't be read are passed over.
std::vector<std::string> HostDevices(const std::string& folder);

}  // namespace ctool::engine
