// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/container_spec.hpp"
#include "spec/runtime.hpp"

namespace ctool::engine {

// What the user mounts, in the order of the spec.
Result<std::vector<spec::RuntimeMount>> UserMounts(const ContainerSpec& spec, const ContainerFiles& files, const std::string& volumes_dir);

// At each start: empty folders for what is written to overlays, which nobody keeps.
Status PrepareOverlays(const ContainerSpec& spec, const ContainerFiles& files);

}  // namespace ctool::engine
