// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// An flock(2) on a file. Released when destroyed or when the process dies; no pid in any file.
class FileLock {
 public:
  enum class Mode { kShared, kExclusive };
  // kRefuse: a missing file is an error (ENOENT), for the locks of things that others may be removing.
  enum class Missing { kMake, kRefuse };
  static Result<FileLock> Acquire(const std::string& path, Mode mode, Missing missing = Missing::kMake);
  // kBusy when somebody else holds it.
  static Result<FileLock> TryAcquire(const std::string& path, Mode mode, Missing missing = Missing::kMake);
  // One that another process has taken, and sent: it is held until all who have it are gone.
  static FileLock Adopt(Fd fd) { return FileLock(std::move(fd)); }
  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace ctool::sys
