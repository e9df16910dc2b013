// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>

#include "base/result.hpp"
#include "sys/child.hpp"
#include "sys/procfs.hpp"

namespace ctool::sys {

// One look through /proc: every process of which `belongs` says so, and all their descendants, by pid. The dead that are not
// reaped yet are among them.
Result<std::map<pid_t, ProcessStat>> WithDescendants(const std::function<bool(pid_t)>& belongs);

// Kills a child and all that it has started, sessions and process groups of their own included, and reaps it. What has
// lost its parent is only found when the child is a subreaper (PR_SET_CHILD_SUBREAPER): then nothing of its tree can
// get out of it while it lives, and it is killed last. kBusy: others came faster than they could be killed; the child is
// gone all the same.
Status KillTree(Child child);

}  // namespace ctool::sys
