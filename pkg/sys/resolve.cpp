// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <vector>

#include "sys/resolve_internal.hpp"

namespace ctool::sys {
namespace {

constexpr int kMostLinks = 40;  // the kernel's own limit

class Walker {
 public:
  Walker(std::string path, uint64_t flags, uint64_t mode, uint64_t resolve)
      : rest_(std::move(path)), flags_(static_cast<int>(flags)), mode_(static_cast<mode_t>(mode)), resolve_(resolve) {}

  // The descriptor, or -1 and errno.
  int Walk(int dirfd) {
    if (rest_.empty()) return errno = ENOENT, -1;
    if (rest_.size() >= PATH_MAX) return errno = ENAMETOOLONG, -1;
    if (!Enter(::openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC))) return -1;
    for (;;) {
      if (!SkipSlashes()) return -1;
      const size_t end = std::min(rest_.find('/'), rest_.size());
      const std::string name = rest_.substr(0, end);
      const bool slash = end < rest_.size();
      rest_.erase(0, end);
      const bool last = rest_.find_first_not_of('/') == std::string::npos;
      if (name.empty() || name == "." || name == "..") {
        if (name == ".." && !Leave()) return -1;
        if (last) return ::openat(trail_.back().get(), ".", (flags_ & ~(O_CREAT | O_NOFOLLOW)) | O_CLOEXEC, mode_);
        continue;
      }
      if (last && !slash) {
        const int fd = OpenLast(name);
        if (fd != kFollow) return fd;
      } else if (!Step(name)) {
        return -1;
      }
    }
  }

 private:
  static constexpr int kFollow = -2;

  bool Enter(int fd) {
    if (fd < 0) return false;
    trail_.emplace_back(fd);
    return true;
  }
  bool Leave() {
    if (trail_.size() > 1) return trail_.pop_back(), true;
    if ((resolve_ & RESOLVE_BENEATH) != 0) return errno = EXDEV, false;
    return true;
  }
  // A path that begins with one begins at the root.
  bool SkipSlashes() {
    const size_t begin = std::min(rest_.find_first_not_of('/'), rest_.size());
    if (at_start_ && begin > 0) {
      if ((resolve_ & RESOLVE_BENEATH) != 0) return errno = EXDEV, false;
      trail_.erase(trail_.begin() + 1, trail_.end());
    }
    at_start_ = false;
    rest_.erase(0, begin);
    return true;
  }

  // Puts the link's text in front of what is left.
  bool Follow(int link) {
    if ((resolve_ & RESOLVE_NO_SYMLINKS) != 0 || ++links_ > kMostLinks) return errno = ELOOP, false;
    std::array<char, PATH_MAX> text;
    const ssize_t n = ::readlinkat(link, "", text.data(), text.size());
    if (n <= 0) return n == 0 ? (errno = ENOENT, false) : false;
    const std::string target(text.data(), static_cast<size_t>(n));
    struct statfs fs {};
    // procfs: "self" and "mounts" are links like others; those that lead to objects have no text that means something here.
    const bool magic = ::fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC && (target[0] == '/' || target.find(':') != std::string::npos);
    if (magic && (resolve_ & RESOLVE_NO_MAGICLINKS) != 0) return errno = ELOOP, false;
    rest_ = target + rest_;
    if (rest_.size() >= PATH_MAX) return errno = ENAMETOOLONG, false;
    at_start_ = true;
    return true;
  }

  bool Step(const std::string& name) {
    const int fd = ::openat(trail_.back().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return false;
    Fd handle(fd);
    struct stat st {};
    if (::fstat(fd, &st) < 0) return false;
    if (S_ISLNK(st.st_mode)) return Follow(fd);
    if (!S_ISDIR(st.st_mode)) return errno = ENOTDIR, false;
    trail_.push_back(std::move(handle));
    return true;
  }

  int OpenLast(const std::string& name) {
    const int fd = ::openat(trail_.back().get(), name.c_str(), flags_ | O_NOFOLLOW | O_CLOEXEC, mode_);
    const int err = errno;
    if ((flags_ & O_NOFOLLOW) != 0) return fd;
    // A link shows as itself (O_PATH), or as one of these errors.
    if (fd < 0 && err != ELOOP && err != ENOTDIR) return errno = err, -1;
    if (fd >= 0 && (flags_ & O_PATH) == 0) return fd;
    const Fd handle(fd >= 0 ? fd : ::openat(trail_.back().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat st {};
    if (handle && ::fstat(handle.get(), &st) == 0 && S_ISLNK(st.st_mode)) return Follow(handle.get()) ? kFollow : -1;
    if (fd < 0) return errno = err, -1;
    return ::fcntl(handle.get(), F_DUPFD_CLOEXEC, 0);
  }

  std::string rest_;
  const int flags_;
  const mode_t mode_;
  const uint64_t resolve_;
  std::vector<Fd> trail_;  // from the root to where we are
  int links_ = 0;
  bool at_start_ = true;
};

}  // namespace

Result<Fd> WalkPath(int dirfd, const std::string& path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  CHECK((resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) != 0);
  const int fd = Walker(path, flags, mode, resolve).Walk(dirfd);
  if (fd >= 0) return Fd(fd);
  return Error::Sys(errno, "open", path);
}

}  // namespace ctool::sys
