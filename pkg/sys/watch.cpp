// SPDX-License-Identifier: Apache-2.0
#include "sys/watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>

namespace ctool::sys {

Result<FolderWatch> FolderWatch::New() {
  Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd) {
    const int err = errno;
    Error error = Error::Sys(err, "inotify_init1");
    if (err != EMFILE) return error;
    return std::move(error).Hint("raise fs.inotify.max_user_instances; see: ctool doctor");
  }
  return FolderWatch(std::move(fd));
}

Status FolderWatch::Add(const std::string& folder) {
  constexpr uint32_t kChanges = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF;
  if (::inotify_add_watch(fd_.get(), folder.c_str(), kChanges | IN_ONLYDIR) >= 0) return Ok();
  const int err = errno;
  Error error = Error::Sys(err, "watch", folder);
  if (err != ENOSPC) return error;
  return std::move(error).Hint("raise fs.inotify.max_user_watches; see: ctool doctor");
}

void FolderWatch::Drain() {
  alignas(inotify_event) std::array<char, 16384> events;
  while (::read(fd_.get(), events.data(), events.size()) > 0) continue;
}

}  // namespace ctool::sys
