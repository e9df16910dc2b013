// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "network/container_side.hpp"
#include "network/event_loop.hpp"
#include "network/pipe_internal.hpp"

namespace ctool::network {

// Pipes that hold nothing. A connection has one only while something is in it that the other side has not taken: those
// that are idle, and those that flow, need none of their own.
class PipePool {
 public:
  static constexpr int kCapacity = 1 << 20;  // bytes; a user without privileges may have so much (pipe-max-size)
  Result<Pipe> Take();
  void GiveBack(Pipe pipe);

 private:
  static constexpr size_t kMostIdle = 4;
  std::vector<Pipe> idle_;
};

class TcpLink;

// Accepts the connections to the host's ports and passes their bytes on.
class TcpForward : public Handler {
 public:
  // `most_links`: so many connections at a time; more wait until one has ended.
  TcpForward(EventLoop& loop, ContainerSide& container, size_t most_links)
      : loop_(loop), container_(container), most_links_(most_links) {}
  ~TcpForward() override;
  Status Start();
  Status Listen(sys::Fd listener, uint16_t container_port);

  void Ready(uint32_t events) override;
  // When accept(2) was out of something: until it is tried again, -1: it is not.
  int PauseMs() const { return out_of_something_ ? kPauseMs : -1; }
  void EndPause();

  EventLoop& loop() { return loop_; }
  PipePool& pipes() { return pipes_; }
  void Forget(const std::shared_ptr<TcpLink>& link);

 private:
  static constexpr int kPauseMs = 100;
  struct Listener {
    sys::Fd fd;
    uint16_t container_port = 0;
  };
  void Accept(const Listener& listener);
  void Connect(sys::Fd client, const Endpoint& from, uint16_t container_port);
  void Pause();
  void Resume();

  EventLoop& loop_;
  ContainerSide& container_;
  size_t most_links_;
  PipePool pipes_;
  std::vector<Listener> listeners_;
  sys::Fd waiting_;  // an epoll of the listeners alone: one descriptor to turn off and on
  bool paused_ = false, out_of_something_ = false;
  std::unordered_set<std::shared_ptr<TcpLink>> links_;
};

}  // namespace ctool::network
