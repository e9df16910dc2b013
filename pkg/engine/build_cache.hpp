// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// What builds have left for the next ones: a step's layer, or a cache mount (`RUN --mount=type=cache`).
struct BuildCacheUsage {
  std::string id, description;
  int64_t created = 0, used = 0;  // wall ns; 0 of a mount
  int64_t size = 0;               // its files and its blob
  bool shared = false;            // an image has the layer too: it stays when the record goes
  bool mount = false;
};
// Records without a layer are left out.
Result<std::vector<BuildCacheUsage>> ListBuildCache(Engine& engine);

struct PruneBuildCacheOptions {
  bool all = true;     // false: only layers that no image has
  bool mounts = true;  // but for those that a build uses
};
// Forgets them; the bytes that are given back.
Result<int64_t> PruneBuildCache(Engine& engine, const PruneBuildCacheOptions& options);

}  // namespace ctool::engine
