// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/compress.hpp"

namespace ctool::archive {

Status CompressGzip(Source& in, std::optional<int> level, const std::function<Status(std::string_view)>& out);
Status CompressZstd(Source& in, std::optional<int> level, const std::function<Status(std::string_view)>& out);

// Fills `into` as far as the stream goes.
Result<size_t> ReadFull(Source& in, std::span<char> into);

}  // namespace ctool::archive
