// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// What openat2(2) does, step by step with openat(2): for kernels and seccomp filters that do not have it. Each component
// is opened without following it, a link's text is resolved here, and ".." goes back to a directory that was passed on
// the way, so that nothing outside of `dirfd` is ever opened, whoever moves directories meanwhile. `resolve` has
// RESOLVE_IN_ROOT or RESOLVE_BENEATH.
Result<Fd> WalkPath(int dirfd, const std::string& path, uint64_t flags, uint64_t mode, uint64_t resolve);

}  // namespace ctool::sys
