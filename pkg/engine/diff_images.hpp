// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/diff.hpp"

namespace ctool::engine {

// How the whole of one image differs from the whole of another: what is added, changed and deleted on the way from `base` to `image`; by
// path. kNotFound "x: image not known".
Result<std::vector<FileChange>> DiffImages(Engine& engine, const std::string& image, const std::string& base);

}  // namespace ctool::engine
