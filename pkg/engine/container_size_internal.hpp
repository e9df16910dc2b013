// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/containers.hpp"

namespace ctool::engine {

// What a container takes on disk: what it has written, and that with its image.
Result<ContainerSize> SizeOf(Engine& engine, const state::Container& container);

// Bytes of the files below each folder, a file with several links once; 0 for one that is not there. One user namespace is entered for
// all of which a part belongs to subordinate ids.
Result<std::vector<int64_t>> TreeSizes(const std::vector<std::string>& paths);

}  // namespace ctool::engine
