// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::build {

// The patterns of ${x#p} and ${x/p/r}: * is any characters, ? is one, \ makes *, ?, \, } and / plain.
enum class Reach { kShortest, kLongest };

Result<std::string> RemovePrefix(std::string_view value, std::string_view pattern, Reach reach);
Result<std::string> RemoveSuffix(std::string_view value, std::string_view pattern, Reach reach);
enum class Replace { kFirst, kAll };
// Each match is the longest at the leftmost place. An empty pattern matches at the front only.
Result<std::string> ReplacePattern(std::string_view value, std::string_view pattern,
                                   std::string_view replacement, Replace which);

}  // namespace ctool::build
