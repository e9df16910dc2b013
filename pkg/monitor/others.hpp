// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ctool::monitor {

// Ends every process that is in the mount namespace `mounts` (a descriptor), and their children. For containers that have no
// pid namespace of their own, with whose first process the kernel would end them all. Best effort.
void EndOthers(int mounts);

}  // namespace ctool::monitor
