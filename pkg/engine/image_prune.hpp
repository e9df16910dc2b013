// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct PruneImagesOptions {
  bool all = false;                  // also those with a name
  std::vector<std::string> filters;  // as `images` has them
};
// Removes images that no container was made from and that, without `all`, nobody can name; their parents too, once they are nameless
// and childless. Returns the ids. What somebody removed or began to use meanwhile is passed over.
Result<std::vector<std::string>> PruneImages(Engine& engine, const PruneImagesOptions& options);

}  // namespace ctool::engine
