// SPDX-License-Identifier: Apache-2.0
//
// gzip (RFC 1952) by ISA-L. The header is read here: ISA-L 2.30 reads it wrongly when a header
// with a checksum is cut between two chunks, and it accepts reserved flags.
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <string>

#include "archive/decoders_internal.hpp"

namespace ctool::archive {
namespace {

constexpr unsigned kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xE0;
constexpr size_t kMaxNameBytes = 64 << 10;

Error Truncated() { return Error(Code::kCorrupt, "truncated gzip stream"); }
Error BadHeader() { return Error(Code::kCorrupt, "invalid gzip header"); }

class GzipDecoder final : public Decoder {
 public:
  explicit GzipDecoder(Source& in) : Decoder(in), state_(std::make_unique<inflate_state>()) {}

 protected:
  Result<Progress> Step(std::span<char> into) override {
    if (phase_ == Phase::kBody) return Inflate(into);
    if (phase_ == Phase::kHeader) TRY(Header());
    if (phase_ == Phase::kBetween) TRY(NextMember());
    return Progress{.bytes = 0, .at_end = phase_ == Phase::kEnd};
  }

 private:
  enum class Phase { kHeader, kBody, kBetween, kEnd };

  Result<unsigned> HeaderByte() {
    if (!TRY(input_.Fill())) return Truncated();
    const auto byte = static_cast<unsigned char>(input_.view().front());
    header_crc_ = crc32_gzip_refl(header_crc_, &byte, 1);
    input_.Consume(1);
    return byte;
  }

  Status SkipText() {
    for (size_t n = 0; n < kMaxNameBytes; ++n) {
      const unsigned byte = TRY(HeaderByte());
      if (byte == 0) return Ok();
    }
    return BadHeader();
  }

  // RFC 1952 section 2.3. Names and comments are of no interest here.
  Status Header() {
    header_crc_ = 0;
    unsigned fixed[10];
    for (unsigned& byte : fixed) byte = TRY(HeaderByte());
    if (fixed[0] != 0x1F || fixed[1] != 0x8B)
      return Error(Code::kCorrupt, seen_member_ ? "trailing data after the gzip stream"
                                                : "not a gzip stream");
    const unsigned flags = fixed[3];
    if (fixed[2] != 8 || (flags & kReserved) != 0) return BadHeader();
    if ((flags & kExtra) != 0) {
      const unsigned low = TRY(HeaderByte());
      const unsigned high = TRY(HeaderByte());
      for (unsigned n = low | high << 8; n > 0; --n) (void)TRY(HeaderByte());
    }
    if ((flags & kName) != 0) TRY(SkipText());
    if ((flags & kComment) != 0) TRY(SkipText());
    if ((flags & kHeaderCrc) != 0) {
      const unsigned expected = header_crc_ & 0xFFFF;
      const unsigned low = TRY(HeaderByte());
      const unsigned high = TRY(HeaderByte());
      if ((low | high << 8) != expected) return BadHeader();
    }
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP_NO_HDR_VER;  // the trailer is checked by ISA-L
    phase_ = Phase::kBody;
    return Ok();
  }

  Result<Progress> Inflate(std::span<char> into) {
    const bool more_input = TRY(input_.Fill());
    const std::string_view in = input_.view();
    const size_t room = std::min<size_t>(into.size(), 1U << 30);
    state_->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(in.data()));  // not written to
    state_->avail_in = static_cast<uint32_t>(in.size());
    state_->next_out = reinterpret_cast<uint8_t*>(into.data());
    state_->avail_out = static_cast<uint32_t>(room);
    const int result = isal_inflate(state_.get());
    const size_t consumed = in.size() - state_->avail_in;
    const size_t produced = room - state_->avail_out;
    input_.Consume(consumed);
    if (result == ISAL_INCORRECT_CHECKSUM)
      return Error(Code::kCorrupt, "gzip checksum or length does not match the data");
    if (result < 0) return Error(Code::kCorrupt, "invalid gzip data");
    if (state_->block_state == ISAL_BLOCK_FINISH) phase_ = Phase::kBetween;
    else if (!more_input && produced == 0) return Truncated();
    return Progress{.bytes = produced, .at_end = false};
  }

  Status NextMember() {
    seen_member_ = true;
    phase_ = TRY(input_.Fill()) ? Phase::kHeader : Phase::kEnd;
    // Fewer bytes than a header's: what comes is no member either way.
    if (phase_ == Phase::kHeader && static_cast<unsigned char>(input_.view().front()) != 0x1F)
      return Error(Code::kCorrupt, "trailing data after the gzip stream");
    return Ok();
  }

  std::unique_ptr<inflate_state> state_;
  Phase phase_ = Phase::kHeader;
  bool seen_member_ = false;
  uint32_t header_crc_ = 0;
};

}  // namespace

std::unique_ptr<Source> NewGzipDecoder(Source& in) { return std::make_unique<GzipDecoder>(in); }

}  // namespace ctool::archive
