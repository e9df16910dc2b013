// SPDX-License-Identifier: Apache-2.0
#include <bzlib.h>
#include <lzma.h>

#include <string>

#include "archive/decoders_internal.hpp"

namespace ctool::archive {
namespace {

// `xz -9` needs 65 MiB to decompress; more than 128 MiB is nothing that a layer is made with.
constexpr uint64_t kXzMemoryBytes = 128 << 20;

class XzDecoder final : public Decoder {
 public:
  explicit XzDecoder(Source& in) : Decoder(in) {
    CHECK(lzma_stream_decoder(&stream_, kXzMemoryBytes, LZMA_CONCATENATED) == LZMA_OK);
  }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;
  ~XzDecoder() override { lzma_end(&stream_); }

 protected:
  Result<Progress> Step(std::span<char> into) override {
    if (at_end_) return Progress{.bytes = 0, .at_end = true};
    const bool more_input = TRY(input_.Fill());
    const std::string_view in = input_.view();
    stream_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(into.data());
    stream_.avail_out = into.size();
    const lzma_ret result = lzma_code(&stream_, more_input ? LZMA_RUN : LZMA_FINISH);
    input_.Consume(in.size() - stream_.avail_in);
    at_end_ = result == LZMA_STREAM_END;
    if (result != LZMA_OK && !at_end_) return Explain(result);
    return Progress{.bytes = into.size() - stream_.avail_out, .at_end = at_end_};
  }

 private:
  static Error Explain(lzma_ret result) {
    switch (result) {
      case LZMA_BUF_ERROR: return Error(Code::kCorrupt, "truncated xz stream");
      case LZMA_FORMAT_ERROR: return Error(Code::kCorrupt, "not an xz stream");
      case LZMA_MEMLIMIT_ERROR:
        return Error(Code::kCorrupt, "the xz stream needs more than 128 MiB of memory");
      // What follows a complete stream and is none itself is LZMA_DATA_ERROR, too.
      default: return Error(Code::kCorrupt, "invalid xz data, or trailing data after it");
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool at_end_ = false;
};

class Bzip2Decoder final : public Decoder {
 public:
  explicit Bzip2Decoder(Source& in) : Decoder(in) { Begin(); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }

 protected:
  Result<Progress> Step(std::span<char> into) override {
    const bool more_input = TRY(input_.Fill());
    if (finished_) {  // pbzip2 writes many streams, one after the other
      if (!more_input) return Progress{.bytes = 0, .at_end = true};
      BZ2_bzDecompressEnd(&stream_);
      Begin();
      ++streams_;
    }
    const std::string_view in = input_.view();
    const size_t room = std::min<size_t>(into.size(), 1U << 30);
    stream_.next_in = const_cast<char*>(in.data());  // not written to
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = into.data();
    stream_.avail_out = static_cast<unsigned>(room);
    const int result = BZ2_bzDecompress(&stream_);
    input_.Consume(in.size() - stream_.avail_in);
    finished_ = result == BZ_STREAM_END;
    if (result == BZ_DATA_ERROR_MAGIC)
      return Error(Code::kCorrupt, streams_ > 0 ? "trailing data after the bzip2 stream"
                                                : "not a bzip2 stream");
    if (result != BZ_OK && !finished_) return Error(Code::kCorrupt, "invalid bzip2 data");
    const size_t produced = room - stream_.avail_out;
    if (!more_input && produced == 0 && !finished_)
      return Error(Code::kCorrupt, "truncated bzip2 stream");
    return Progress{.bytes = produced, .at_end = false};
  }

 private:
  void Begin() {
    stream_ = bz_stream{};
    CHECK(BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK);
    finished_ = false;
  }

  bz_stream stream_{};
  bool finished_ = false;
  int streams_ = 0;
};

}  // namespace

std::unique_ptr<Source> NewXzDecoder(Source& in) { return std::make_unique<XzDecoder>(in); }
std::unique_ptr<Source> NewBzip2Decoder(Source& in) { return std::make_unique<Bzip2Decoder>(in); }

}  // namespace ctool::archive
