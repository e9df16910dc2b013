// SPDX-License-Identifier: Apache-2.0
#include "network/tcp_forward.hpp"

#include <fcntl.h>

#include <array>

#include "base/log.hpp"
#include "network/tcp_link.hpp"

namespace ctool::network {
namespace {

// So many connections are taken from one port before the others have their turn.
constexpr int kBurst = 32;

// What accept(2) says of a client that has gone again, or of its network: the next may be well.
bool IsOfOneClient(int err) {
  switch (err) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

// The client is told at once, instead of by an end of file that would look like an answer.
void Refuse(const sys::Fd& client) {
  const linger at_once{1, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

Result<Pipe> PipePool::Take() {
  if (!idle_.empty()) {
    Pipe pipe = std::move(idle_.back());
    idle_.pop_back();
    return pipe;
  }
  Pipe pipe = TRY(MakePipe());
  // A user who has many pipes gets small ones (pipe-user-pages-soft): slower, and as good.
  if (::fcntl(pipe.write.get(), F_SETPIPE_SZ, kCapacity) < 0) Debug(Error::Sys(errno, "enlarge a pipe").Message());
  return pipe;
}

void PipePool::GiveBack(Pipe pipe) {
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(pipe));
}

TcpForward::~TcpForward() = default;

Status TcpForward::Start() {
  waiting_ = sys::Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!waiting_) return Error::Sys(errno, "epoll_create1");
  return loop_.Add(waiting_.get(), EPOLLIN, this);
}

Status TcpForward::Listen(sys::Fd listener, uint16_t container_port) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = listeners_.size();
  if (::epoll_ctl(waiting_.get(), EPOLL_CTL_ADD, listener.get(), &event) < 0) return Error::Sys(errno, "epoll_ctl");
  listeners_.push_back({std::move(listener), container_port});
  return Ok();
}

void TcpForward::Ready(uint32_t) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(waiting_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count && !paused_; ++i) Accept(listeners_[events[static_cast<size_t>(i)].data.u64]);
}

void TcpForward::Accept(const Listener& listener) {
  for (int i = 0; i < kBurst && !paused_; ++i) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    sys::Fd client(
        ::accept4(listener.fd.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      Connect(std::move(client), Endpoint::From(from), listener.container_port);
    } else if (errno == EAGAIN) {
      return;
    } else if (!IsOfOneClient(errno)) {
      // Out of descriptors or memory: who tries again at once does nothing else.
      out_of_something_ = true;
      Pause();
    }
  }
}

void TcpForward::Connect(sys::Fd client, const Endpoint& from, uint16_t container_port) {
  sys::Fd server = container_.Connect(container_.PathOf(from, container_port, SOCK_STREAM), SOCK_STREAM);
  if (!server) return Refuse(client);
  auto link = std::make_shared<TcpLink>(*this, std::move(client), std::move(server));
  if (const Status started = link->Start(); !started.ok()) return Debug(started.error().Message());
  links_.insert(std::move(link));
  if (links_.size() >= most_links_) Pause();
}

void TcpForward::Forget(const std::shared_ptr<TcpLink>& link) {
  loop_.Bury(link);
  links_.erase(link);
  if (paused_ && links_.size() < most_links_) Resume();
}

void TcpForward::Pause() {
  if (paused_) return;
  paused_ = true;
  loop_.Remove(waiting_.get());
}

void TcpForward::Resume() {
  paused_ = out_of_something_ = false;
  if (const Status resumed = loop_.Add(waiting_.get(), EPOLLIN, this); !resumed.ok()) {
    paused_ = out_of_something_ = true;  // another try later
    Debug(resumed.error().Message());
  }
}

void TcpForward::EndPause() {
  if (out_of_something_ && links_.size() < most_links_) Resume();
}

}  // namespace ctool::network
