// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

// Where the last `lines` lines of a log begin, counted from the beginning of its first part: an entry of stdout
// belongs to them from [0] on, one of stderr from [1]. Lines are counted by their ends, whole ones, whatever number of
// entries they are; only the end of the log is read.
Result<std::array<uint64_t, 2>> FindTail(const std::deque<sys::Fd>& parts, int64_t lines);

}  // namespace ctool::engine
