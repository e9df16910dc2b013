// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/pull_interrupt_internal.hpp"
#include "engine/pull_plan_internal.hpp"
#include "engine/pull_progress_internal.hpp"

namespace ctool::engine {

// The inner half of a pull: tries the sources in order until one gives the image, puts it into the
// store and returns its id. Runs inside the user namespace. When it fails, nothing is left.
Result<std::string> FetchImage(const PullPlan& plan, Interrupt& interrupt, PullProgress& progress);

}  // namespace ctool::engine
