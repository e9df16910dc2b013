// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace ctool::cli {

// The names that `typed` may have been meant as: at most two edits away, or beginning with it.
// Upper and lower case are the same here.
std::vector<std::string_view> Suggestions(std::string_view typed,
                                          std::span<const std::string_view> names);

}  // namespace ctool::cli
