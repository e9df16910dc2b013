// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::engine {

// Builds a plain root file system of an image's layer folders (top first) at `target`, for hosts
// where no overlay works: whiteouts and opaque marks applied, owners, modes, xattrs, hard links and
// times kept. Nothing is there when it fails.
Status CopyRootfs(const std::vector<std::string>& layers, const std::string& target);

}  // namespace ctool::engine
