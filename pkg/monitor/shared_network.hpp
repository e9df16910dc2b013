// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/frame.hpp"

namespace ctool::monitor {

// Makes the namespaces of the bridge networks (network/shared.hpp) and stays as long as somebody uses them. The order
// comes from `command` (kSandbox: id map, slirp4netns' command, the folder); the answer is kStarted with the pidfd of
// the first process in there, or kFailed. The command holds the folder's lock until it has joined and hung up.
int KeepSharedNetwork(runtime::SyncSocket command);

}  // namespace ctool::monitor
