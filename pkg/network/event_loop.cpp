// SPDX-License-Identifier: Apache-2.0
#include "network/event_loop.hpp"

#include <array>

namespace ctool::network {

Result<EventLoop> EventLoop::Make() {
  sys::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return Error::Sys(errno, "epoll_create1");
  return EventLoop(std::move(epoll));
}

Status EventLoop::Add(int fd, uint32_t events, Handler* handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) return Error::Sys(errno, "epoll_ctl");
  return Ok();
}

void EventLoop::Remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

Result<bool> EventLoop::Turn(int timeout_ms) {
  std::array<epoll_event, 128> events;
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), later_.empty() ? timeout_ms : 0);
  if (count < 0 && errno != EINTR) return Error::Sys(errno, "epoll_wait");
  for (int i = 0; i < count; ++i)
    static_cast<Handler*>(events[static_cast<size_t>(i)].data.ptr)->Ready(events[static_cast<size_t>(i)].events);
  // Those that come meanwhile have their turn in the next round.
  std::deque<std::weak_ptr<Worker>> now;
  now.swap(later_);
  for (const std::weak_ptr<Worker>& worker : now)
    if (const std::shared_ptr<Worker> alive = worker.lock()) alive->Work();
  buried_.clear();
  return count > 0 || !now.empty();
}

}  // namespace ctool::network
