// SPDX-License-Identifier: Apache-2.0
//
// YAML documents as JSON. Only for the program ctool-images: nothing else loads libyaml.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::yaml {

// The one document in `text`, as JSON. Plain scalars are null, booleans and numbers by YAML 1.2's core schema, with the
// words of 1.1 that Go's parser takes for booleans left as text. kCorrupt, with line and column, for what is no YAML, for
// several documents, for more than 64 levels or a million nodes, for equal keys, and for aliases: a few lines of them
// become any amount of data.
Result<std::string> ToJson(std::string_view text);

}  // namespace ctool::yaml
