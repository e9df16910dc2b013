// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

// Carries our stdin into a container's, by the pipe itself: the kernel moves the pages (splice), and where it can't
// (a terminal) they are copied. SIGPIPE is ignored by then: a container that does not read any more has an exit status
// still.
class StdinPipe {
 public:
  explicit StdinPipe(sys::Fd pipe) : pipe_(std::move(pipe)) {}

  // What to wait for: input, or room for input that is there.
  pollfd Wanted() const;
  // After that: carries what there is. False: the end of our stdin, or the container has closed its.
  Result<bool> Pump();

 private:
  Result<bool> Copy();

  sys::Fd pipe_;
  bool has_input_ = false;  // there is input, and no room
  bool copies_ = false;
  std::string rest_;  // copied, and not written yet
};

}  // namespace ctool::engine
