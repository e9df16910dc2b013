// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

#include "base/result.hpp"

namespace ctool::engine {

// "Stop now", for everybody who works on one pull: the threads, and the processes on both sides of
// a fork (the flag is in shared memory, so it does not matter which of them a signal reaches).
// While it lives SIGINT, SIGTERM and SIGHUP set the flag instead of killing: what was begun is
// undone first. Signals that were ignored stay so. One at a time in a process.
class Interrupt {
 public:
  static Result<std::unique_ptr<Interrupt>> Begin();
  ~Interrupt();  // the former signal dispositions
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>* flag() const;
  bool stopped() const { return flag()->load(std::memory_order_relaxed); }
  // One of several parts has failed: the others need not go on.
  void Stop();
  // Another attempt begins: forgets Stop(), but no signal.
  void Resume();
  int signal() const;  // 0: none came
  // What was begun is undone: the signal that came, if one did, takes its usual effect on this process.
  void TakeEffect() const;

  // kIo "interrupted" once a signal came.
  Status Check() const;

 private:
  struct Shared;
  explicit Interrupt(Shared* shared) : shared_(shared) {}
  Shared* shared_;
  static void Handle(int signal);
  static std::atomic<Shared*> current_;
};

}  // namespace ctool::engine
