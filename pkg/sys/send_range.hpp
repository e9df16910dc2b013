// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.hpp"

namespace ctool::sys {

// Writes `size` bytes of the file `in` from `offset` on to `out`, where `out` stands: in the kernel where that is possible
// (a file, a pipe, a socket), else through memory. `sent` is told of each piece. kCorrupt when `in` ends before.
// Copied by reference into a pipe: `in` must not be changed by anybody before the reader has read.
Status SendRange(int in, int64_t offset, int64_t size, int out, std::string_view what,
                 const std::function<void(int64_t)>& sent = {});

}  // namespace ctool::sys
