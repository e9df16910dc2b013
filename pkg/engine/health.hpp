// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "monitor/health.hpp"

namespace ctool::engine {

// What the checks of a container have found; nothing when it has none, or was never started.
Result<std::optional<monitor::HealthState>> ReadHealth(Engine& engine, const std::string& container_id);

// Runs the health check of a container once, now: true when it passed. What --health-on-failure asks for has been done
// when this returns. kInvalidArgument: it has none. kBusy: it does not run.
Result<bool> RunHealthCheck(Engine& engine, const std::string& name_or_id);

}  // namespace ctool::engine
