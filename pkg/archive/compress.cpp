// SPDX-License-Identifier: Apache-2.0
#include "archive/compress.hpp"

#include <string>

#include "archive/compress_internal.hpp"

namespace ctool::archive {

Result<size_t> ReadFull(Source& in, std::span<char> into) {
  size_t got = 0;
  while (got < into.size()) {
    const size_t n = TRY(in.Read(into.subspan(got)));
    if (n == 0) break;
    got += n;
  }
  return got;
}

Status CheckCompression(const CompressOptions& options) {
  const int most = options.to == spec::Compression::kGzip ? 9 : 20;
  if (options.to != spec::Compression::kGzip && options.to != spec::Compression::kZstd &&
      options.to != spec::Compression::kNone)
    return Error(Code::kUnsupported, "layers are compressed with gzip or zstd only");
  if (options.level && (*options.level < 1 || *options.level > most))
    return Error(Code::kInvalidArgument, "invalid compression level " + std::to_string(*options.level) +
                                             ": it is 1 to " + std::to_string(most));
  return Ok();
}

Status Compress(Source& in, const CompressOptions& options, const std::function<Status(std::string_view)>& out) {
  TRY(CheckCompression(options));
  if (options.to == spec::Compression::kGzip) return CompressGzip(in, options.level, out);
  if (options.to == spec::Compression::kZstd) return CompressZstd(in, options.level, out);
  std::string buffer(1 << 18, '\0');
  for (;;) {
    const size_t n = TRY(in.Read(buffer));
    if (n == 0) return Ok();
    TRY(out(std::string_view(buffer).substr(0, n)));
  }
}

}  // namespace ctool::archive
