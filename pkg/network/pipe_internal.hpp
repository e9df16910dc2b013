// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

struct Pipe {
  sys::Fd read, write;
};

inline Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  return Pipe{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

}  // namespace ctool::network
