// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "build/ast.hpp"

namespace ctool::build {

// What a RUN in shell form executes.
struct RunText {
  std::string text;
  bool is_program = false;  // begins with #!: to be written to a file and executed, without the SHELL
};

// Without heredocs the command line; `RUN <<EOF` alone is the heredoc's content; a command line with
// heredocs goes to the shell as it stands in the file, bodies included.
RunText TextOfRun(const Run& run);

}  // namespace ctool::build
