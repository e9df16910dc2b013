// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ctool::build {

struct ExecForm {
  enum class Kind {
    kNone,        // not a JSON array: the shell form
    kStrings,     // an array of strings
    kNotStrings,  // an array with something else in it
  };
  Kind kind = Kind::kNone;
  std::vector<std::string> words;
  size_t end = 0;  // behind the closing bracket
};

// Reads the JSON array that `text` begins with, if it does. What follows the array is the caller's.
ExecForm ReadExecForm(std::string_view text);

}  // namespace ctool::build
