// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace ctool::engine {

// A signal as an option names it: "TERM", "SIGTERM", "15", and as kill(1) has it "-TERM", "-15". kInvalidArgument in
// podman's words.
Result<int> ParseSignalOption(const std::string& typed);

}  // namespace ctool::engine
