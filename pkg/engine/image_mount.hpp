// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// Images seen as file systems, read-only, in the mount namespace of `ctool unshare`, with which they go.

struct ImageMountPoint {
  state::Image image;
  std::string path;
};
// Where it is mounted already that place is returned.
Result<ImageMountPoint> MountImage(Engine& engine, const std::string& name);
Result<std::vector<ImageMountPoint>> ListMountedImages(Engine& engine);
// The id when it was mounted, else "".
Result<std::string> UnmountImage(Engine& engine, const std::string& name);

}  // namespace ctool::engine
