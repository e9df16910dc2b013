// SPDX-License-Identifier: Apache-2.0
#include "network/tcp_link.hpp"

#include <fcntl.h>

#include "base/log.hpp"

namespace ctool::network {
namespace {

// So often in a row one connection is served while others wait.
constexpr int kTurns = 16;

enum class Moved { kSome, kEnd, kWait, kBroken };

Moved Splice(int from, int to, size_t size, size_t& moved) {
  for (;;) {
    const ssize_t n = ::splice(from, nullptr, to, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    moved = n > 0 ? static_cast<size_t>(n) : 0;
    if (n > 0) return Moved::kSome;
    if (n == 0) return Moved::kEnd;
    if (errno == EAGAIN) return Moved::kWait;
    if (errno != EINTR) return Moved::kBroken;
  }
}

}  // namespace

Status TcpLink::Start() {
  ways_[0].from = ways_[1].to = &ends_[0];
  ways_[0].to = ways_[1].from = &ends_[1];
  for (End& end : ends_) TRY(owner_.loop().Add(end.fd.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &end));
  return Ok();
}

void TcpLink::Note(End& end, uint32_t events) {
  if (closed_) return;
  // What is wrong is said by the next read or write, after all that came before it.
  constexpr uint32_t kWrong = EPOLLERR | EPOLLHUP;
  if ((events & (EPOLLIN | EPOLLRDHUP | kWrong)) != 0) end.readable = true;
  if ((events & (EPOLLOUT | kWrong)) != 0) end.writable = true;
  if (!connected_ && &end == &ends_[1] && (events & (EPOLLOUT | kWrong)) != 0) {
    int err = 0;
    socklen_t size = sizeof err;
    if (::getsockopt(end.fd.get(), SOL_SOCKET, SO_ERROR, &err, &size) < 0 || err != 0) return Close(true);
    connected_ = true;
  }
  if (connected_) MoveAll();
}

void TcpLink::Work() {
  queued_ = false;
  if (!closed_) MoveAll();
}

void TcpLink::MoveAll() {
  bool finished = true;
  for (Way& way : ways_) finished = Move(way) && finished;
  for (const Way& way : ways_)
    if (way.broken && way.held == 0) return Close(true);
  if (ways_[0].done && ways_[1].done) return Close(false);
  if (finished || queued_) return;
  queued_ = true;
  owner_.loop().Later(weak_from_this());
}

bool TcpLink::Move(Way& way) {
  for (int turn = 0; turn < kTurns; ++turn) {
    if (way.done) return true;
    if (way.held > 0) {
      if (!Write(way)) return true;
    } else if (way.ended) {
      if (!way.broken) ::shutdown(way.to->fd.get(), SHUT_WR);
      way.done = true;
    } else if (!Read(way)) {
      return true;
    }
  }
  return way.done;
}

// False: nothing to be had now.
bool TcpLink::Read(Way& way) {
  if (!way.from->readable) return false;
  Result<Pipe> pipe = owner_.pipes().Take();
  if (!pipe.ok()) {
    Debug(pipe.error().Message());
    way.ended = way.broken = true;
    return true;
  }
  const Moved moved = Splice(way.from->fd.get(), pipe->write.get(), PipePool::kCapacity, way.held);
  if (moved == Moved::kSome) {
    way.pipe = std::move(*pipe);
    return true;
  }
  owner_.pipes().GiveBack(std::move(*pipe));
  if (moved == Moved::kWait) return way.from->readable = false;
  way.ended = true;
  way.broken = moved == Moved::kBroken;
  return true;
}

// False: nothing is taken now.
bool TcpLink::Write(Way& way) {
  if (!way.to->writable) return false;
  size_t sent = 0;
  const Moved moved = Splice(way.pipe->read.get(), way.to->fd.get(), way.held, sent);
  if (moved == Moved::kWait) return way.to->writable = false;
  if (moved == Moved::kSome) {
    way.held -= sent;
    if (way.held == 0) {
      owner_.pipes().GiveBack(std::move(*way.pipe));
      way.pipe.reset();
    }
    return true;
  }
  // Nobody is there to read it. What that side has still said passes on by the other way.
  way.pipe.reset();
  way.held = 0;
  way.done = true;
  return true;
}

void TcpLink::Close(bool reset) {
  closed_ = true;
  const linger at_once{1, 0};
  for (End& end : ends_) {
    if (reset) ::setsockopt(end.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    end.fd.Reset();
  }
  for (Way& way : ways_) way.pipe.reset();
  owner_.Forget(shared_from_this());
}

}  // namespace ctool::network
