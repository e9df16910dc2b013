// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::archive {

// The name of an archive entry as a plain relative path: no leading slash, no empty, "." or ".."
// components; "" is the root. ".." is resolved in the text, as every image tool does, and kCorrupt
// when it would leave the layer; so is what no file system can hold ("name too long", "nested").
Result<std::string> CleanPath(std::string_view name);

// A name from an archive as part of an error text: quoted and not of any length.
std::string Shown(std::string_view name);

}  // namespace ctool::archive
