// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "archive/stream.hpp"
#include "base/result.hpp"

namespace ctool::archive {

struct CompressOptions {
  spec::Compression to = spec::Compression::kGzip;  // or kZstd, or kNone
  // gzip 1..9, zstd 1..20. Nothing: gzip by ISA-L, zstd 3.
  std::optional<int> level;
};

// kInvalidArgument for a level or an algorithm that is not there.
Status CheckCompression(const CompressOptions& options);

// Everything from `in`, compressed, to `out`, on several threads where there are several processors. The same bytes and
// options give the same result on this machine, however many threads there were.
Status Compress(Source& in, const CompressOptions& options, const std::function<Status(std::string_view)>& out);

}  // namespace ctool::archive
