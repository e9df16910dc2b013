// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct WaitOptions {
  std::vector<std::string> conditions;  // any of them ends the wait; none: stopped
  int64_t interval = 250'000'000;       // ns between looks for what sends no event
  bool ignore = false;                  // one that does not exist is -1
  bool first_match = false;             // the first of them ends all
};

// Waits for all containers at once. `report` gets the exit code of each (-1 where the condition that was met is none
// of stopped and exited) in the order given, or with `first_match` only of the first to match. A container that the
// policy restarts has ended when its first run has; the code of one that is removed is found for minutes.
// kInvalidArgument: no such condition.
Status WaitContainers(Engine& engine, const std::vector<std::string>& names, const WaitOptions& options,
                      const std::function<void(Result<int>)>& report);

}  // namespace ctool::engine
