// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/interrupt.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// Runs `work`, which adds to the store, in a child that is root in the store's user namespace and
// has no umask, and returns what it returned. SIGINT, SIGTERM and SIGHUP stop the work instead of killing it; once it
// has cleaned up, the signal takes its usual effect on us. Tells the user once when there is only
// one id. No database may be open in this process: a connection does not survive a fork.
struct InStore {
  // The pidfd of a process in a namespace with this map, if one is at hand: joining it takes 0.2 ms, a new one 2.8.
  int member = -1;
  // What the work needs and must be undone: from its first step on a signal waits. An error is the whole's.
  std::function<Status()> before;
  std::function<void()> after;  // the work, however it ended, and before a signal takes its effect; not if `before` failed
};
Result<std::string> RunInStore(const userns::IdMap& map, const GlobalOptions& store,
                               const std::function<Result<std::string>(Interrupt&)>& work, const InStore& how = {});

}  // namespace ctool::engine
