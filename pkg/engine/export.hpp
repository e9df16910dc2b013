// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// Writes a container's root file system to `output` (empty: standard output) as an
// archive. What is mounted in it (volumes, tmpfs, /proc ...) is left out, but for the mount points.
Status ExportContainer(Engine& engine, const std::string& container, const std::string& output);

}  // namespace ctool::engine
