// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace ctool {

// The process exit status for a command's error. podman's table: 125 the tool failed; 126 the
// container's command can't be executed; 127 it does not exist; and for the rm family 1 (there is
// no such object) and 2 (it is in use).
int ExitStatus(const Error& error, std::string_view command);

}  // namespace ctool
