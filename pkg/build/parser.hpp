// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "build/ast.hpp"
#include "build/diagnostic.hpp"

namespace ctool::build {

// Understands a whole Containerfile; the grammar is in DESIGN.md. Pure.
//
//   file        its name, for messages
//   text        its bytes
//   diagnostic  may be null; gets place, line and expectation of an error
// Errors: kInvalidArgument, "FILE:LINE:COLUMN: message"; the first one only.
Result<Containerfile> ParseContainerfile(std::string_view file, std::string_view text,
                                         Diagnostic* diagnostic = nullptr);

// Understands one ONBUILD trigger out of an image's configuration. `image` is for messages.
Result<Instruction> ParseTrigger(std::string_view image, std::string_view text,
                                 Diagnostic* diagnostic = nullptr);

}  // namespace ctool::build
