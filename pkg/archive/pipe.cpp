// SPDX-License-Identifier: Apache-2.0
#include "archive/pipe.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ctool::archive {
namespace internal {

// A ring. A thread that had to wait goes on only when a quarter of the ring is there for it, so
// that two busy threads do not wake each other for every few kilobytes.
struct PipeState {
  explicit PipeState(size_t capacity) : ring(std::max<size_t>(capacity, 1)) {}

  size_t Quarter() const { return std::max<size_t>(ring.size() / 4, 1); }

  std::mutex mutex;
  std::condition_variable has_data, has_room;
  std::vector<char> ring;
  size_t head = 0, used = 0;
  bool closed = false, reader_gone = false;
  std::optional<Error> error;
};

}  // namespace internal

namespace {

using internal::PipeState;

class PipeReader final : public Source {
 public:
  explicit PipeReader(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeReader() override {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->reader_gone = true;
    state_->has_room.notify_one();
  }

  Result<size_t> Read(std::span<char> into) override {
    PipeState& s = *state_;
    std::unique_lock<std::mutex> lock(s.mutex);
    if (s.used == 0)
      s.has_data.wait(lock, [&] { return s.closed || s.used >= s.Quarter(); });
    if (s.error.has_value()) return *s.error;
    const size_t n = std::min(into.size(), s.used);
    const size_t first = std::min(n, s.ring.size() - s.head);
    // The bytes are ours until `used` shrinks; the writer fills the rest of the ring meanwhile.
    lock.unlock();
    std::memcpy(into.data(), s.ring.data() + s.head, first);
    std::memcpy(into.data() + first, s.ring.data(), n - first);
    lock.lock();
    s.head = (s.head + n) % s.ring.size();
    s.used -= n;
    if (s.ring.size() - s.used >= s.Quarter()) s.has_room.notify_one();
    return n;
  }

 private:
  std::shared_ptr<PipeState> state_;
};

}  // namespace

PipeWriter::PipeWriter(std::shared_ptr<internal::PipeState> state) : state_(std::move(state)) {}

PipeWriter& PipeWriter::operator=(PipeWriter&& other) noexcept {
  PipeWriter taken(std::move(other));
  std::swap(state_, taken.state_);
  return *this;
}

PipeWriter::~PipeWriter() {
  if (state_ != nullptr) Close(Error(Code::kIo, "the stream ended before its producer closed it"));
}

Status PipeWriter::Write(std::string_view bytes) {
  PipeState& s = *state_;
  std::unique_lock<std::mutex> lock(s.mutex);
  if (s.closed) return Error(Code::kInternal, "write to a closed pipe");
  while (!bytes.empty()) {
    if (s.used == s.ring.size())
      s.has_room.wait(lock, [&] { return s.reader_gone || s.ring.size() - s.used >= s.Quarter(); });
    if (s.reader_gone) return Error(Code::kIo, "the reader of the stream has stopped");
    const size_t size = s.ring.size();
    const size_t tail = (s.head + s.used) % size;
    const size_t n = std::min({bytes.size(), size - s.used, size - tail});
    lock.unlock();
    std::memcpy(s.ring.data() + tail, bytes.data(), n);
    lock.lock();
    s.used += n;
    bytes.remove_prefix(n);
    if (s.used >= s.Quarter()) s.has_data.notify_one();
  }
  return Ok();
}

void PipeWriter::Close(Status status) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->closed) return;
  state_->closed = true;
  if (!status.ok()) state_->error = std::move(status).error();
  state_->has_data.notify_one();
}

Pipe MakePipe(size_t capacity) {
  auto state = std::make_shared<internal::PipeState>(capacity);
  return Pipe{.writer = PipeWriter(state), .reader = std::make_unique<PipeReader>(state)};
}

Status Pump(Source& in, PipeWriter& out) {
  constexpr size_t kChunkBytes = 128 << 10;
  std::string chunk(kChunkBytes, '\0');
  for (;;) {
    const size_t n = TRY(in.Read({chunk.data(), chunk.size()}));
    if (n == 0) return Ok();
    TRY(out.Write({chunk.data(), n}));
  }
}

}  // namespace ctool::archive
