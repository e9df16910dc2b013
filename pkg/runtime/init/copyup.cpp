// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"

namespace ctool::runtime::init {
namespace {

Status CopyXattrs(int from, int to, const std::string& what) {
  std::array<char, 4096> names;
  const ssize_t n = ::flistxattr(from, names.data(), names.size());
  if (n <= 0) return Ok();  // none, or a file system without them
  for (const char* name = names.data(); name < names.data() + n; name += std::string_view(name).size() + 1) {
    const std::string_view key = name;
    // Overlay's own marks mean something else, or nothing, in another place.
    if (StartsWith(key, "user.overlay.") || StartsWith(key, "trusted.")) continue;
    std::array<char, 4096> value;
    const ssize_t size = ::fgetxattr(from, name, value.data(), value.size());
    if (size < 0) continue;
    if (::fsetxattr(to, name, value.data(), static_cast<size_t>(size), 0) < 0 && errno != EOPNOTSUPP &&
        errno != EPERM)
      return Error::Sys(errno, "fsetxattr", what);
  }
  return Ok();
}

// chown before chmod (it clears set-id bits), times last.
Status CopyMetadata(int to, const struct stat& st, const std::string& what) {
  if (::fchown(to, st.st_uid, st.st_gid) < 0 && errno != EPERM && errno != EINVAL)
    return Error::Sys(errno, "fchown", what);
  if (::fchmod(to, st.st_mode & 07777) < 0) return Error::Sys(errno, "fchmod", what);
  const timespec times[2] = {st.st_atim, st.st_mtim};
  if (::futimens(to, times) < 0) return Error::Sys(errno, "futimens", what);
  return Ok();
}

Status CopyEntry(int from_dir, int to_dir, const std::string& name, const std::string& what) {
  struct stat st {};
  if (::fstatat(from_dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0)
    return Error::Sys(errno, "stat", what);
  if (S_ISDIR(st.st_mode)) {
    const sys::Fd from = TRY(sys::OpenAt(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (::mkdirat(to_dir, name.c_str(), 0700) < 0) return Error::Sys(errno, "mkdir", what);
    const sys::Fd to = TRY(sys::OpenAt(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(CopyTree(from.get(), to.get(), what));
    TRY(CopyXattrs(from.get(), to.get(), what));
    return CopyMetadata(to.get(), st, what);
  }
  if (S_ISREG(st.st_mode)) {
    const sys::Fd from = TRY(sys::OpenAt(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    const sys::Fd to = TRY(sys::OpenAt(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(sys::CopyContents(from.get(), to.get(), what));
    TRY(CopyXattrs(from.get(), to.get(), what));
    return CopyMetadata(to.get(), st, what);
  }
  if (S_ISLNK(st.st_mode)) {
    const std::string target = TRY(sys::ReadLinkAt(from_dir, name));
    if (::symlinkat(target.c_str(), to_dir, name.c_str()) < 0) return Error::Sys(errno, "symlink", what);
    const timespec times[2] = {st.st_atim, st.st_mtim};
    if (::fchownat(to_dir, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
        errno != EPERM && errno != EINVAL)
      return Error::Sys(errno, "chown", what);
    if (::utimensat(to_dir, name.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0)
      return Error::Sys(errno, "utimens", what);
    return Ok();
  }
  if (S_ISFIFO(st.st_mode)) {
    if (::mkfifoat(to_dir, name.c_str(), st.st_mode & 07777) < 0) return Error::Sys(errno, "mkfifo", what);
    return Ok();
  }
  return Ok();  // sockets and devices stay behind
}

}  // namespace

Status CopyTree(int from_dir, int to_dir, const std::string& what) {
  const std::vector<std::string> names = TRY(sys::ListDir(from_dir, what));
  for (const std::string& name : names) TRY(CopyEntry(from_dir, to_dir, name, what + "/" + name));
  return Ok();
}

}  // namespace ctool::runtime::init
