// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>
#include <zstd_errors.h>

#include <string>

#include "archive/decoders_internal.hpp"

namespace ctool::archive {
namespace {

// 128 MiB: what zstd itself accepts without --long; a frame may ask for 2^41 bytes.
constexpr int kMaxWindowLog = 27;

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(Source& in) : Decoder(in), stream_(ZSTD_createDStream()) {
    CHECK(stream_ != nullptr);
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kMaxWindowLog)));
  }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

 protected:
  Result<Progress> Step(std::span<char> into) override {
    const bool more_input = TRY(input_.Fill());
    if (!more_input && between_frames_) {
      if (seen_frame_) return Progress{.bytes = 0, .at_end = true};
      return Error(Code::kCorrupt, "truncated zstd stream");
    }
    const std::string_view view = input_.view();
    ZSTD_inBuffer in{.src = view.data(), .size = view.size(), .pos = 0};
    ZSTD_outBuffer out{.dst = into.data(), .size = into.size(), .pos = 0};
    // Skippable frames are skipped, and the next frame begins by itself.
    const size_t result = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(result)) return Explain(result);
    input_.Consume(in.pos);
    if (result == 0) seen_frame_ = between_frames_ = true;
    else if (in.pos > 0 || out.pos > 0) between_frames_ = false;
    else if (!more_input) return Error(Code::kCorrupt, "truncated zstd stream");
    return Progress{.bytes = out.pos, .at_end = false};
  }

 private:
  Error Explain(size_t result) const {
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        return Error(Code::kCorrupt, "the zstd stream needs a window of more than 128 MiB");
      case ZSTD_error_prefix_unknown:
        return Error(Code::kCorrupt, seen_frame_ ? "trailing data after the zstd stream"
                                                 : "not a zstd stream");
      case ZSTD_error_dictionary_wrong:
        return Error(Code::kUnsupported, "the zstd stream needs a dictionary");
      default:
        return Error(Code::kCorrupt,
                     std::string("invalid zstd data: ") + ZSTD_getErrorName(result));
    }
  }

  ZSTD_DStream* stream_;
  bool between_frames_ = true, seen_frame_ = false;
};

}  // namespace

std::unique_ptr<Source> NewZstdDecoder(Source& in) { return std::make_unique<ZstdDecoder>(in); }

}  // namespace ctool::archive
