// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "cli/dispatch.hpp"
#include "ctool/globals.hpp"

namespace ctool {

// The names that a shell may offer, from the store that the words typed so far mean. Quick, silent,
// changes nothing, and makes no store where there is none.
std::vector<cli::Candidate> Candidates(const Globals& globals, cli::Complete what);

}  // namespace ctool
