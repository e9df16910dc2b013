// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// Stops those that run, all at once, and starts each of them as soon as it and those before it have ended; one that
// does not run is started. `time` and `report` are StopContainers'.
void RestartContainers(Engine& engine, const std::vector<state::Container>& containers, std::optional<int64_t> time,
                       const std::function<void(size_t, Status)>& report);

}  // namespace ctool::engine
