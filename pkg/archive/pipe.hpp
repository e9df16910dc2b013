// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "archive/stream.hpp"
#include "base/result.hpp"

namespace ctool::archive {

namespace internal {
struct PipeState;
}

// The producing end of a pipe between two threads. Destroying it without Close is an error for the
// reader: a stream is only complete when its producer says so.
class PipeWriter {
 public:
  explicit PipeWriter(std::shared_ptr<internal::PipeState> state);
  PipeWriter(PipeWriter&&) noexcept = default;
  PipeWriter& operator=(PipeWriter&& other) noexcept;
  ~PipeWriter();

  // Blocks while the pipe is full. kIo once the reader is gone: its error is the one that counts.
  Status Write(std::string_view bytes);

  // End of the stream (an ok status), or the error that the reader gets in place of what is still
  // in the pipe. Later calls change nothing.
  void Close(Status status = Ok());

 private:
  std::shared_ptr<internal::PipeState> state_;
};

// A bounded byte pipe in memory: one thread writes, another reads, neither waits for the other
// while there is room and data. Each end may be destroyed first, which unblocks the other.
struct Pipe {
  PipeWriter writer;
  std::unique_ptr<Source> reader;
};
inline constexpr size_t kPipeBytes = 1 << 20;
Pipe MakePipe(size_t capacity = kPipeBytes);

// Everything from `in` into the pipe, which stays open.
Status Pump(Source& in, PipeWriter& out);

}  // namespace ctool::archive
