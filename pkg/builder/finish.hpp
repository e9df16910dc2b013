// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/stage.hpp"

namespace ctool::builder {

// Makes the image of what the target stage has become and gives it its names (whole references); returns the id. An image
// that an earlier build made of the same is taken as it is.
Result<std::string> FinishImage(Session& session, state::Database& db, const StageState& state, const std::vector<std::string>& names);

}  // namespace ctool::builder
