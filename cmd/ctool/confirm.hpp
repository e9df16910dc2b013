// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ctool/context.hpp"

namespace ctool {

// Shows `warning` and asks on stdin: true for an answer that begins with y. kIo "EOF" where nobody answers.
Result<bool> Confirm(const Context& context, std::string_view warning);

}  // namespace ctool
