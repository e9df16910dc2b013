// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"

namespace ctool::storage {
namespace {

constexpr int kOpenEntry = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

Status LockOf(int fd, int operation, const std::string& what) {
  while (::flock(fd, operation) < 0)
    if (errno != EINTR) return Error::Sys(errno, "flock", what);
  return Ok();
}

}  // namespace

// An entry is made and locked under a shared lock of the folder, and the cleaner holds that one
// exclusively: it never meets an entry that has no lock yet.
Result<Staged> Staged::Make(const std::string& root, Kind kind) {
  RemoveDeadStaging(root);
  const std::string folder = root + "/" + kStaging;
  const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(LockOf(dir.get(), LOCK_SH, folder));
  const std::string name = RandomHexId().substr(0, 16);
  sys::Fd fd;
  if (kind == Kind::kDirectory) {
    if (::mkdirat(dir.get(), name.c_str(), 0700) < 0)
      return Error::Sys(errno, "mkdir", folder + "/" + name);
    fd = TRY(sys::OpenAt(dir.get(), name, kOpenEntry | O_DIRECTORY));
  } else {
    fd = TRY(sys::OpenAt(dir.get(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, kFreshMode));
  }
  Staged staged(root, name, std::move(fd));
  TRY(LockOf(staged.fd(), LOCK_EX | LOCK_NB, staged.path()));
  return staged;
}

Staged::~Staged() {
  if (name_.empty()) return;
  // Space is given back at once. What can't be deleted here (files of other ids, outside the user
  // namespace) is dead staging for the next one.
  const Status removed = sys::RemoveTree(path());
  if (!removed.ok()) Debug("left in staging: " + removed.error().Message());
}

Status Staged::Publish(const std::string& target) {
  CHECK(!name_.empty());
  if (::rename(path().c_str(), target.c_str()) < 0) {
    const int err = errno == ENOTEMPTY ? EEXIST : errno;
    return Error::Sys(err, "rename", target);
  }
  name_.clear();
  return Ok();
}

void RemoveDeadStaging(const std::string& root) {
  const std::string folder = root + "/" + kStaging;
  Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!dir.ok() || !LockOf(dir->get(), LOCK_EX | LOCK_NB, folder).ok()) return;
  Result<std::vector<std::string>> names = sys::ListDir(dir->get(), folder);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    Result<sys::Fd> entry = sys::OpenAt(dir->get(), name, kOpenEntry);
    if (!entry.ok() || !LockOf(entry->get(), LOCK_EX | LOCK_NB, name).ok()) continue;
    const Status moved = MoveToTrash(root, dir->get(), name);
    if (!moved.ok()) Debug("stale staging stays: " + moved.error().Message());
  }
}

}  // namespace ctool::storage
