// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ctool::build {

// A text in characters, for patterns in which ? is one of them. A byte that is not part of valid UTF-8
// becomes a value that no character has, so that Bytes gives back what went in.
std::u32string Characters(std::string_view bytes);
std::string Bytes(std::u32string_view characters);

}  // namespace ctool::build
