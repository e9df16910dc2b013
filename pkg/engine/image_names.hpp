// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// Gives an image more names; a short one is put below localhost/. A name that another image has moves: that image stays, nameless if
// it has no other. All of them or none. kInvalidArgument "tag by digest not supported".
Status TagImage(Engine& engine, const std::string& image, const std::vector<std::string>& names);

// Takes names from an image, all of them when `names` is empty. The image stays. kNotFound "tag not known".
Status UntagImage(Engine& engine, const std::string& image, const std::vector<std::string>& names);

}  // namespace ctool::engine
