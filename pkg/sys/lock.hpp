// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// An flock(2) on a file that is made if missing. Released when destroyed or when the process dies;
// no pid in any file.
class FileLock {
 public:
  enum class Mode { kShared, kExclusive };
  static Result<FileLock> Acquire(const std::string& path, Mode mode);
  // kBusy when somebody else holds it.
  static Result<FileLock> TryAcquire(const std::string& path, Mode mode);
  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace ctool::sys
