// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "build/ast.hpp"
#include "build/source_internal.hpp"

namespace ctool::build {

struct Keyword {
  std::string text;  // as written
  Location where;
};

// The warnings that need more than one instruction to be seen.
void CheckWhole(const Containerfile& file, const std::vector<Keyword>& keywords, Source& source);

}  // namespace ctool::build
