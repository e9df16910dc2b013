// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/line.hpp"

namespace ctool::build {

// What is wrong with a Containerfile, and where.
struct Diagnostic {
  std::string file;
  Location where;
  std::string message;   // "unknown instruction: FORM (did you mean FROM?)"
  std::string expected;  // what would be right there; may be empty
  std::string source;    // the physical line

  // "Containerfile:3:1: unknown instruction: ...": the text of the Error.
  std::string Headline() const;
  // The line and a caret below the column, for a terminal; long lines are cut around it.
  //   "   3 | FORM alpine"
  //   "     | ^"
  std::vector<std::string> Excerpt() const;
  Error ToError() const;
};

// What a build may go on with, but its author should know. `rule` is the name that BuildKit's checks
// have for it, so that "# check=skip=" of existing files works.
struct Warning {
  std::string rule;
  Location where;
  std::string message;
};

// The one of `names` that was probably meant by `typed`, or nothing.
std::string_view Nearest(std::string_view typed, const std::vector<std::string_view>& names);

}  // namespace ctool::build
