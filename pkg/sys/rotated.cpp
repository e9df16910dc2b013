// SPDX-License-Identifier: Apache-2.0
#include "sys/rotated.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "sys/file.hpp"

namespace ctool::sys {
namespace {

Result<Fd> OpenIfThere(const std::string& path) {
  Result<Fd> fd = Open(path, O_RDONLY | O_NONBLOCK);
  if (!fd.ok() && fd.error().sys_errno() == ENOENT) return Fd();
  return fd;
}

bool IsSame(const struct stat& a, const struct stat& b) { return a.st_ino == b.st_ino && a.st_dev == b.st_dev; }

Result<bool> IsSame(const Fd& a, int b, const std::string& path) {
  if (!a || b < 0) return false;
  return IsSame(TRY(StatFd(a.get(), path)), TRY(StatFd(b, path)));
}

}  // namespace

Status RotatedFile::Open() {
  parts_.clear();
  return TakeAfter(-1);
}

Status RotatedFile::TakeAfter(int last) {
  // Between the two opens the file may be renamed: then the older one is looked at again.
  for (;;) {
    Fd older = TRY(OpenIfThere(path_ + ".1"));
    Fd newer = TRY(OpenIfThere(path_));
    const Fd check = TRY(OpenIfThere(path_ + ".1"));
    if (check && !TRY(IsSame(check, older.get(), path_))) continue;
    if (older && !TRY(IsSame(older, last, path_))) parts_.push_back(std::move(older));
    if (newer) parts_.push_back(std::move(newer));
    return Ok();
  }
}

Result<bool> RotatedFile::WasRenamed(int last) const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) < 0) {
    if (errno == ENOENT) return false;  // not begun anew yet, or all of it was removed
    return Error::Sys(errno, "stat", path_);
  }
  return !IsSame(now, TRY(StatFd(last, path_)));
}

Result<size_t> RotatedFile::Read(char* to, size_t size) {
  if (parts_.empty()) TRY(Open());
  for (bool renamed = false; !parts_.empty();) {
    const ssize_t n = ::read(parts_.front().get(), to, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", path_);
    if (n > 0) return static_cast<size_t>(n);
    if (parts_.size() > 1) {
      parts_.pop_front();
    } else if (renamed) {
      // Its end was read after the rename, so it is the last of it.
      const Fd last = std::move(parts_.front());
      parts_.pop_front();
      TRY(TakeAfter(last.get()));
      renamed = false;
    } else if (!(renamed = TRY(WasRenamed(parts_.front().get())))) {
      return 0;
    }
  }
  return 0;
}

}  // namespace ctool::sys
