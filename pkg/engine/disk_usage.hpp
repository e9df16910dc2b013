// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/build_cache.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// What the store holds, in bytes of files. An image is its unpacked layers and its blobs, as received.
struct ImageUsage {  // one a name
  std::string repository, tag, id;
  int64_t created = 0;
  int64_t shared = 0, unique = 0;  // what other images have too, and what only this one has
  int64_t containers = 0;
};
struct ContainerUsage {
  std::string id, image_id, command, name, state;
  int64_t created = 0, volumes = 0;
  int64_t written = 0;
};
struct VolumeUsage {
  std::string name;
  int64_t links = 0;  // containers that use it
  int64_t size = 0;
};
struct ArtifactUsage {
  std::string name, digest;
  int64_t created = 0;
  int64_t size = 0;  // of its files
};
struct DiskUsage {
  std::vector<ImageUsage> images;
  std::vector<ArtifactUsage> artifacts;
  std::vector<ContainerUsage> containers;
  std::vector<VolumeUsage> volumes;
  std::vector<BuildCacheUsage> build_cache;
  int64_t images_size = 0;         // every layer and blob once
  int64_t images_reclaimable = 0;  // of these, what no image has that containers were made from
  int64_t artifacts_size = 0;      // every blob once that no image has
};
Result<DiskUsage> MeasureDiskUsage(Engine& engine);

// images_size alone.
Result<int64_t> MeasureImages(Engine& engine);

}  // namespace ctool::engine
