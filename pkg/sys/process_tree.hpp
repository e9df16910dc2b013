// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "sys/child.hpp"

namespace ctool::sys {

// Kills a child and all that it has started, sessions and process groups of their own included, and reaps it. What has
// lost its parent is only found when the child is a subreaper (PR_SET_CHILD_SUBREAPER): then nothing of its tree can
// get out of it while it lives, and it is killed last. kBusy: others came faster than they could be killed; the child is
// gone all the same.
Status KillTree(Child child);

}  // namespace ctool::sys
