// SPDX-License-Identifier: Apache-2.0
#include "engine/restart.hpp"

#include "engine/containers.hpp"
#include "engine/stop.hpp"
#include "engine/tell.hpp"

namespace ctool::engine {

void RestartContainers(Engine& engine, const std::vector<state::Container>& containers, std::optional<int64_t> time,
                       const std::function<void(size_t, Status)>& report) {
  const StopOptions how{.time = time, .to_restart = true};
  StopContainers(engine, containers, how, [&](size_t i, Status stopped) {
    if (!stopped.ok()) return report(i, std::move(stopped));
    const Result<StartOutcome> started = Start(engine, containers[i].id, AttachOptions());
    if (started.ok()) Tell(engine, "restart", containers[i]);
    report(i, started.ok() ? Ok() : Status(started.error()));
  });
}

}  // namespace ctool::engine
