// SPDX-License-Identifier: Apache-2.0
#include "sys/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "sys/file.hpp"

namespace ctool::sys {
namespace {

Result<Fd> Lock(const std::string& path, int operation, FileLock::Missing missing) {
  Fd fd = TRY(Open(path, O_RDWR | O_NOFOLLOW | (missing == FileLock::Missing::kMake ? O_CREAT : 0), 0600));
  while (::flock(fd.get(), operation) < 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return Error(Code::kBusy, "'" + path + "' is locked");
    return Error::Sys(errno, "flock", path);
  }
  return fd;
}

int Operation(FileLock::Mode mode) {
  return mode == FileLock::Mode::kShared ? LOCK_SH : LOCK_EX;
}

}  // namespace

Result<FileLock> FileLock::Acquire(const std::string& path, Mode mode, Missing missing) {
  return FileLock(TRY(Lock(path, Operation(mode), missing)));
}

Result<FileLock> FileLock::TryAcquire(const std::string& path, Mode mode, Missing missing) {
  return FileLock(TRY(Lock(path, Operation(mode) | LOCK_NB, missing)));
}

}  // namespace ctool::sys
