// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/value.hpp"

namespace ctool::cli {

// The value as YAML in block style, indented by two, under its JSON names; what JSON leaves out
// when it is empty is left out here too. A text that YAML would read as anything else, or that
// holds control characters, is quoted. Ends in a newline.
std::string ToYaml(const Value& value);

}  // namespace ctool::cli
