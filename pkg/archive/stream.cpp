// SPDX-License-Identifier: Apache-2.0
#include "archive/stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "archive/decoders_internal.hpp"
#include "base/text.hpp"

namespace ctool::archive {
namespace {

class FdSource final : public Source {
 public:
  FdSource(int fd, std::string_view what) : fd_(fd), what_(what) {}
  Result<size_t> Read(std::span<char> into) override {
    for (;;) {
      const ssize_t n = ::read(fd_, into.data(), into.size());
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EINTR) return Error::Sys(errno, "read", what_);
    }
  }

 private:
  int fd_;
  std::string what_;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::string_view bytes) : left_(bytes) {}
  Result<size_t> Read(std::span<char> into) override {
    const size_t n = std::min(into.size(), left_.size());
    std::memcpy(into.data(), left_.data(), n);
    left_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view left_;
};

// kNone: the bytes of another source, as they are.
class PassThrough final : public Source {
 public:
  explicit PassThrough(Source& in) : in_(in) {}
  Result<size_t> Read(std::span<char> into) override { return in_.Read(into); }

 private:
  Source& in_;
};

// Gives back the first bytes of a stream, which were read to look at them.
class Rewound final : public Source {
 public:
  Rewound(std::string first, Source& rest) : first_(std::move(first)), rest_(rest) {}
  Result<size_t> Read(std::span<char> into) override {
    if (at_ == first_.size()) return rest_.Read(into);
    const size_t n = first_.copy(into.data(), into.size(), at_);
    at_ += n;
    return n;
  }

 private:
  std::string first_;
  size_t at_ = 0;
  Source& rest_;
};

// A decoder together with the source that it borrows.
class Owning final : public Source {
 public:
  Owning(std::unique_ptr<Source> inner, std::unique_ptr<Source> outer)
      : inner_(std::move(inner)), outer_(std::move(outer)) {}
  Result<size_t> Read(std::span<char> into) override { return outer_->Read(into); }

 private:
  std::unique_ptr<Source> inner_, outer_;  // in this order: outer_ goes first
};

}  // namespace

std::unique_ptr<Source> FromFd(int fd, std::string_view what) {
  return std::make_unique<FdSource>(fd, what);
}

std::unique_ptr<Source> FromMemory(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

spec::Compression DetectCompression(std::string_view first_bytes) {
  using std::string_view_literals::operator""sv;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(first_bytes[i]); };
  if (StartsWith(first_bytes, "\x1f\x8b\x08"sv)) return spec::Compression::kGzip;
  if (StartsWith(first_bytes, "\x28\xb5\x2f\xfd"sv)) return spec::Compression::kZstd;
  // A zstd stream may begin with a skippable frame: 0x184D2A50 to 0x184D2A5F, little endian.
  if (first_bytes.size() >= 4 && (byte(0) & 0xF0) == 0x50 &&
      first_bytes.substr(1, 3) == "\x2a\x4d\x18"sv)
    return spec::Compression::kZstd;
  if (StartsWith(first_bytes, "\xfd"
                              "7zXZ\0"sv))
    return spec::Compression::kXz;
  // "BZh" alone could begin a file name; the block magic that follows is not text.
  if (first_bytes.size() >= 6 && StartsWith(first_bytes, "BZh") && byte(3) >= '1' &&
      byte(3) <= '9' && (first_bytes.substr(4, 2) == "\x31\x41"sv || first_bytes.substr(4, 2) == "\x17\x72"sv))
    return spec::Compression::kBzip2;
  return spec::Compression::kNone;
}

Result<std::unique_ptr<Source>> Decompress(Source& in, spec::Compression compression) {
  switch (compression) {
    case spec::Compression::kNone: return std::unique_ptr<Source>(std::make_unique<PassThrough>(in));
    case spec::Compression::kGzip: return NewGzipDecoder(in);
    case spec::Compression::kZstd: return NewZstdDecoder(in);
    case spec::Compression::kXz: return NewXzDecoder(in);
    case spec::Compression::kBzip2: return NewBzip2Decoder(in);
  }
  return Error(Code::kUnsupported, "unsupported compression");
}

namespace {

struct Detected {
  std::unique_ptr<Source> whole;  // from the first byte on
  spec::Compression compression = spec::Compression::kNone;
};

Result<Detected> Detect(Source& in) {
  std::string first(6, '\0');
  size_t have = 0;
  while (have < first.size()) {
    const size_t n = TRY(in.Read(std::span<char>(first).subspan(have)));
    if (n == 0) break;
    have += n;
  }
  first.resize(have);
  Detected found;
  found.compression = DetectCompression(first);
  found.whole = std::make_unique<Rewound>(std::move(first), in);
  return found;
}

Result<std::unique_ptr<Source>> DecompressIt(Detected found) {
  if (found.compression == spec::Compression::kNone) return std::move(found.whole);
  std::unique_ptr<Source> decoder = TRY(Decompress(*found.whole, found.compression));
  return std::unique_ptr<Source>(std::make_unique<Owning>(std::move(found.whole), std::move(decoder)));
}

}  // namespace

Result<std::unique_ptr<Source>> DecompressDetected(Source& in) { return DecompressIt(TRY(Detect(in))); }

Result<std::unique_ptr<Source>> DecompressLayer(Source& in) {
  Detected found = TRY(Detect(in));
  if (found.compression == spec::Compression::kXz || found.compression == spec::Compression::kBzip2)
    return Error(Code::kUnsupported, std::string("unsupported compression of a layer: ") +
                                         (found.compression == spec::Compression::kXz ? "xz" : "bzip2"));
  return DecompressIt(std::move(found));
}

}  // namespace ctool::archive
