// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "spec/image.hpp"

namespace ctool::archive {

// A stream of bytes that is read once. 0 is its end; after an error it must not be read again.
class Source {
 public:
  virtual ~Source() = default;
  virtual Result<size_t> Read(std::span<char> into) = 0;
  // Passes over up to `bytes` without reading them; returns how many. A source that can't: 0.
  virtual Result<uint64_t> Skip(uint64_t /*bytes*/) { return uint64_t{0}; }
};

// Reads a descriptor (borrowed) to its end.
std::unique_ptr<Source> FromFd(int fd, std::string_view what);
// Reads memory (borrowed): small archives, tests.
std::unique_ptr<Source> FromMemory(std::string_view bytes);

// What the first bytes say (at least 6 are needed for all): gzip, zstd, xz, bzip2 or none.
spec::Compression DetectCompression(std::string_view first_bytes);

// The decompressed form of `in` (borrowed; must outlive the result), one decoder and no nesting:
// gzip by ISA-L (several members are one stream; trailing bytes are kCorrupt "trailing data"; a
// short or wrong trailer is kCorrupt "truncated gzip"/"gzip checksum"), zstd by libzstd (windowLog
// at most 27, skippable frames are skipped, several frames are one stream), xz and bzip2 by liblzma
// and libbz2. kNone passes through.
Result<std::unique_ptr<Source>> Decompress(Source& in, spec::Compression compression);

// The same, with the compression found from the first bytes of the stream.
Result<std::unique_ptr<Source>> DecompressDetected(Source& in);
// The same for a layer of an image, of which only these are: none, gzip, zstd; others are kUnsupported.
Result<std::unique_ptr<Source>> DecompressLayer(Source& in);

}  // namespace ctool::archive
