// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "archive/stream.hpp"
#include "base/result.hpp"
#include "sys/root.hpp"

namespace ctool::archive {

struct CompareOptions {
  bool owners = true;  // false: the tree was unpacked where only one id exists
};

// How the tree that Unpack once made of a layer differs from what it would make of it now: a line for each file, at most
// kMaxDifferences and then one that says so. Nothing is written, and no more than a few bytes of memory used for each entry. Reads the stream to
// its end. Errors: kCorrupt, of an archive that can't be unpacked; what the source returns; kIo.
inline constexpr size_t kMaxDifferences = 20;
Result<std::vector<std::string>> Compare(Source& tar, const sys::Root& tree, const CompareOptions& options);

}  // namespace ctool::archive
