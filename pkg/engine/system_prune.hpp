// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct SystemPruneOptions {
  bool all = false;      // also images with a name
  bool volumes = false;
  bool build = false;    // all of the build cache, not only layers that no image has
  std::vector<std::string> filters;  // label=, label!=, until=
};
struct SystemPruned {
  std::vector<std::string> containers, networks, volumes, images;
  int64_t reclaimed = 0;  // bytes of files
};
// Removes containers that do not run, images that no container was made from, networks that no container uses, and volumes if asked for; and what commands
// that were killed have left. What somebody begins to use meanwhile is passed over. kInvalidArgument "x is an invalid filter".
Result<SystemPruned> PruneSystem(Engine& engine, const SystemPruneOptions& options);

// Only what commands that were killed have left.
Status SweepLeftovers(Engine& engine);

}  // namespace ctool::engine
