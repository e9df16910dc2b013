// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

// Who waits for descriptors: of one, or of several that are its parts.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Ready(uint32_t events) = 0;
};

// Something that has more to do at once, and lets the others have their turn.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual void Work() = 0;
};

class EventLoop {
 public:
  static Result<EventLoop> Make();
  Status Add(int fd, uint32_t events, Handler* handler);
  void Remove(int fd);
  // A worker that dies earlier is left out.
  void Later(std::weak_ptr<Worker> worker) { later_.push_back(std::move(worker)); }
  // An event for it may have been fetched already: it is destroyed when they have all been served.
  void Bury(std::shared_ptr<void> what) { buried_.push_back(std::move(what)); }
  // One round; waits at most so long (-1: for ever). False: nothing has happened.
  Result<bool> Turn(int timeout_ms);

 private:
  explicit EventLoop(sys::Fd epoll) : epoll_(std::move(epoll)) {}
  sys::Fd epoll_;
  std::deque<std::weak_ptr<Worker>> later_;
  std::vector<std::shared_ptr<void>> buried_;
};

}  // namespace ctool::network
