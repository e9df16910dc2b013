// SPDX-License-Identifier: Apache-2.0
#include "sys/fd.hpp"

namespace ctool::sys {

Status Fd::Close(std::string_view what) {
  if (::close(std::exchange(fd_, -1)) < 0 && errno != EINTR) return Error::Sys(errno, "close", what);
  return Ok();
}

}  // namespace ctool::sys
