// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::sys {

struct DirEntry {
  std::string name;
  unsigned char type;  // DT_*, DT_UNKNOWN where the file system does not say
};

// All but "." and "..". `dirfd` stays where it is.
Result<std::vector<DirEntry>> ReadEntries(int dirfd, std::string_view what);

}  // namespace ctool::sys
