// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "builder/stage.hpp"

namespace ctool::builder {

// --output: "DIR", "type=local,dest=DIR", "type=tar,dest=FILE", "-" (a tar archive on the standard output): what the target
// stage's files are.
Status Export(Session& session, const StageState& state, const std::string& output);

}  // namespace ctool::builder
