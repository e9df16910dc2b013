// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "archive/stream.hpp"

namespace ctool::archive {

// The compressed side of a decoder: a chunk of the source, refilled when it is used up.
class Input {
 public:
  explicit Input(Source& in) : in_(in), buffer_(kChunkBytes) {}

  // Makes sure that view() holds something; false at the end of the stream.
  Result<bool> Fill() {
    if (begin_ < end_) return true;
    if (at_end_) return false;
    begin_ = 0;
    end_ = TRY(in_.Read(buffer_));
    at_end_ = end_ == 0;
    return !at_end_;
  }
  std::string_view view() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void Consume(size_t n) { begin_ += n; }

 private:
  static constexpr size_t kChunkBytes = 128 << 10;
  Source& in_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
};

// A decoder in steps: Step() decodes as much as `into` and the present input allow.
class Decoder : public Source {
 public:
  explicit Decoder(Source& in) : input_(in) {}

  // Full reads, so that the layers above make few and large system calls.
  Result<size_t> Read(std::span<char> into) final {
    size_t done = 0;
    while (done < into.size()) {
      const Progress progress = TRY(Step(into.subspan(done)));
      done += progress.bytes;
      if (progress.at_end) break;
    }
    return done;
  }

 protected:
  struct Progress {
    size_t bytes = 0;
    bool at_end = false;
  };
  virtual Result<Progress> Step(std::span<char> into) = 0;

  Input input_;
};

std::unique_ptr<Source> NewGzipDecoder(Source& in);
std::unique_ptr<Source> NewZstdDecoder(Source& in);
std::unique_ptr<Source> NewXzDecoder(Source& in);
std::unique_ptr<Source> NewBzip2Decoder(Source& in);

}  // namespace ctool::archive
