// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// A file without a name for what is handed to a child, or comes from one: in memory, or where a seccomp filter refuses
// memfd_create, in TMPDIR.
Result<Fd> MemoryFile(const char* what);
// One that holds `content`, to be read from its beginning.
Result<Fd> MemoryFile(const char* what, std::string_view content);

}  // namespace ctool::sys
