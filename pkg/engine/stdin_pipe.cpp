// SPDX-License-Identifier: Apache-2.0
#include "engine/stdin_pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace ctool::engine {
namespace {

constexpr size_t kMost = 1 << 20;

}  // namespace

pollfd StdinPipe::Wanted() const {
  if (has_input_) return {pipe_.get(), POLLOUT, 0};
  return {STDIN_FILENO, POLLIN, 0};
}

Result<bool> StdinPipe::Pump() {
  if (copies_) return Copy();
  const ssize_t n = ::splice(STDIN_FILENO, nullptr, pipe_.get(), nullptr, kMost, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (n >= 0) {
    has_input_ = false;
    return n > 0;
  }
  if (errno == EAGAIN || errno == EINTR) {
    // One of the two: input that somebody else has taken, or no room.
    pollfd input{STDIN_FILENO, POLLIN, 0};
    has_input_ = ::poll(&input, 1, 0) > 0;
    return true;
  }
  if (errno == EPIPE) return false;
  copies_ = true;
  return Copy();
}

Result<bool> StdinPipe::Copy() {
  if (rest_.empty()) {
    constexpr size_t kChunk = 64 << 10;
    rest_.resize(kChunk);
    const ssize_t n = ::read(STDIN_FILENO, rest_.data(), rest_.size());
    rest_.resize(n > 0 ? static_cast<size_t>(n) : 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n <= 0) return false;
  }
  const ssize_t n = ::write(pipe_.get(), rest_.data(), rest_.size());
  if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
  if (n > 0) rest_.erase(0, static_cast<size_t>(n));
  has_input_ = !rest_.empty();
  return true;
}

}  // namespace ctool::engine
