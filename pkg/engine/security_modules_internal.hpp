// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::engine {

// --security-opt apparmor=: the profile for the container's processes. kUnsupported where the kernel has no AppArmor:
// a protection that was asked for is never left out.
Status SetAppArmor(const std::string& profile, std::string& into);

// --security-opt label=, all of them: the SELinux label of the container's processes; empty for "disable", or when
// nothing is asked for but "nested". kUnsupported without SELinux.
Result<std::string> SelinuxLabel(const std::vector<std::string>& options);

bool HasAppArmor();
bool HasSelinux();

}  // namespace ctool::engine
