// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct StopOptions {
  std::optional<int64_t> time;  // seconds from the stop signal to SIGKILL; below 0: for ever; unset: the container's own
  bool is_kill = false;     // told as such
  bool to_restart = false;      // it is started again by this process: --rm does not remove it
};

// Stops all of them at once, holding no lock. `report` gets the outcome of each, in the order given, as soon as all
// before it are over too. One that does not run is no error. Then the container's process, its monitor and its ports
// are gone, the record says so, and an --rm container is removed.
void StopContainers(Engine& engine, const std::vector<state::Container>& containers, const StopOptions& options,
                    const std::function<void(size_t, Status)>& report);
Status StopContainer(Engine& engine, const state::Container& container, const StopOptions& options);

// Sends a signal to the container's first process; after SIGKILL, waits for the end as StopContainer does. No policy
// restarts it afterwards, whatever the signal was. kBusy: it does not run.
Status KillContainer(Engine& engine, const state::Container& container, int signal);

}  // namespace ctool::engine
