// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "state/store.hpp"

namespace ctool::engine {

// An image's labels, read out of its config without the rest of it: a list asks for those of every image.
std::map<std::string, std::string> LabelsOf(const state::Image& image);

}  // namespace ctool::engine
