// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/images.hpp"
#include "spec/image.hpp"

namespace ctool::engine {

// True when `child` was built on `parent`: it has the parent's layers and history, and more of
// them. podman hides parents without a name, and removes them with their last child.
bool IsParent(const spec::ImageConfig& parent, const spec::ImageConfig& child);

// The images of `all` that the filters keep, in their order.
//   filters   "key=value" as for podman images: reference dangling label until before since after
//             id digest intermediate containers readonly manifest; several of one key widen (those
//             of label narrow), several keys narrow. "key!=value" negates label and reference.
// kInvalidArgument for an unknown filter or a bad value; kNotFound for the image of before, since.
Result<std::vector<state::Image>> FilterImages(Engine& engine, std::vector<state::Image> all,
                                               const std::vector<std::string>& filters);

// path.Match of Go ('*' stops at '/') against a whole reference, and against it without tag,
// without registry, and without folders: podman's reference filter.
bool MatchesReference(const std::string& pattern, const std::string& reference);

}  // namespace ctool::engine
