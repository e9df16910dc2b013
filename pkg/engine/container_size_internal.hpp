// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "engine/containers.hpp"

namespace ctool::engine {

// What a container takes on disk: what it has written, and that with its image.
Result<ContainerSize> SizeOf(Engine& engine, const state::Container& container);

}  // namespace ctool::engine
