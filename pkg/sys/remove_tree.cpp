// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/sysmacros.h>

#include "base/text.hpp"
#include "sys/entries_internal.hpp"
#include "sys/file.hpp"

namespace ctool::sys {
namespace {

// A directory, whatever it is called by now.
struct Identity {
  uint64_t mount = 0, inode = 0;
  uint32_t major = 0, minor = 0;
  bool operator==(const Identity&) const = default;
};

// For outer seccomp filters that refuse statx(2).
Result<Identity> IdentifyWithoutStatx(int fd, std::string_view what) {
  const struct stat st = TRY(StatFd(fd, what));
  const std::string info = TRY(ReadFile("/proc/self/fdinfo/" + std::to_string(fd)));
  constexpr std::string_view kKey = "mnt_id:";
  const size_t at = info.find(kKey);
  if (at == std::string::npos) return Error(Code::kUnsupported, "the mount of '" + std::string(what) + "' can't be told");
  const size_t begin = at + kKey.size(), end = info.find('\n', begin);
  const std::optional<uint64_t> mount = ParseUint(Trim(std::string_view(info).substr(begin, end - begin)));
  return Identity{mount.value_or(0), st.st_ino, major(st.st_dev), minor(st.st_dev)};
}

Result<Identity> Identify(int fd, std::string_view what) {
  struct statx sx {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID | STATX_INO, &sx) < 0) {
    if (errno == ENOSYS || errno == EPERM) return IdentifyWithoutStatx(fd, what);
    return Error::Sys(errno, "statx", what);
  }
  return Identity{sx.stx_mnt_id, sx.stx_ino, sx.stx_dev_major, sx.stx_dev_minor};
}

// A directory that can be listed. Nothing when it is gone, which is as good as removed.
Result<Fd> OpenDirectory(int dirfd, const std::string& name, std::string_view what) {
  constexpr int kFlags = O_DIRECTORY | O_NOFOLLOW;
  Fd dir(::openat(dirfd, name.c_str(), O_RDONLY | kFlags | O_CLOEXEC));
  if (!dir && errno == EACCES) {
    // A directory of ours without permission bits, such as overlay's work/work.
    const Fd handle(::openat(dirfd, name.c_str(), O_PATH | kFlags | O_CLOEXEC));
    const std::string link = "/proc/self/fd/" + std::to_string(handle.get());
    if (handle && ::chmod(link.c_str(), 0700) == 0)
      dir = Fd(::openat(dirfd, name.c_str(), O_RDONLY | kFlags | O_CLOEXEC));
    else
      errno = EACCES;
  }
  if (!dir && errno != ENOENT) return Error::Sys(errno, "open", what);
  return dir;
}

// Depth first, with a stack of its own: how deep a tree is, its author decides. Descriptors are
// held for the lowest levels only; one further up is found again as ".." of its child and must
// then be what it was.
class TreeRemover {
 public:
  TreeRemover(int top, uint64_t mount) : top_(top), mount_(mount) {}

  Status Run(const std::string& name) {
    if (!TRY(Unlink(top_, {name, DT_UNKNOWN}))) return Ok();
    TRY(Enter(name));
    while (!levels_.empty()) {
      std::vector<std::string>& left = levels_.back().directories;
      if (left.empty()) {
        TRY(Leave());
        continue;
      }
      const std::string next = std::move(left.back());
      left.pop_back();
      TRY(Enter(next));
    }
    return Ok();
  }

 private:
  static constexpr size_t kHeld = 16;

  struct Level {
    std::string name;  // in the level above
    Fd dir;            // none when it is further up than kHeld, then:
    Identity identity;
    std::vector<std::string> directories;  // in it, yet to be removed
  };

  // Removes what is no directory. True: it is one.
  Result<bool> Unlink(int dirfd, const DirEntry& entry) const {
    if (entry.type == DT_DIR) return true;
    if (IsMountPoint(dirfd, entry.name)) return Error(Code::kBusy, "refusing to remove the mount point '" + path_ + entry.name + "'");
    if (::unlinkat(dirfd, entry.name.c_str(), 0) == 0 || errno == ENOENT) return false;
    const int err = errno;
    struct stat st {};
    if ((err == EISDIR || err == EPERM) &&
        ::fstatat(dirfd, entry.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
      return true;
    return Error::Sys(err, "unlink", path_ + entry.name);
  }

  Status Enter(const std::string& name) {
    const size_t above = path_.size();
    path_ += name;
    Level level;
    level.name = name;
    level.dir = TRY(OpenDirectory(levels_.empty() ? top_ : levels_.back().dir.get(), name, path_));
    if (!level.dir) {
      path_.resize(above);
      return Ok();
    }
    const int dir = level.dir.get();
    if (TRY(Identify(dir, path_)).mount != mount_)
      return Error(Code::kBusy, "refusing to cross the mount at '" + path_ + "'");
    // Write and search permission are needed to empty it; a failure shows when it is tried.
    struct stat st {};
    if (::fstat(dir, &st) == 0 && (st.st_mode & 0700) != 0700 && ::fchmod(dir, 0700) < 0 && errno != EPERM)
      return Error::Sys(errno, "fchmod", path_);
    std::vector<DirEntry> entries = TRY(ReadEntries(dir, path_));
    path_ += '/';
    for (DirEntry& entry : entries)
      if (TRY(Unlink(dir, entry))) level.directories.push_back(std::move(entry.name));
    levels_.push_back(std::move(level));
    if (levels_.size() > kHeld) TRY(LetGo(levels_[levels_.size() - 1 - kHeld]));
    return Ok();
  }

  Status LetGo(Level& level) const {
    if (!level.dir) return Ok();
    level.identity = TRY(Identify(level.dir.get(), level.name));
    level.dir.Reset();
    return Ok();
  }

  Status Leave() {
    const Level done = std::move(levels_.back());
    levels_.pop_back();
    path_.pop_back();
    int above = top_;
    if (!levels_.empty()) {
      Level& parent = levels_.back();
      if (!parent.dir) parent.dir = TRY(Reopen(done.dir.get(), parent.identity));
      above = parent.dir.get();
    }
    if (::unlinkat(above, done.name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
      return Error::Sys(errno, "rmdir", path_);
    path_.resize(path_.size() - done.name.size());
    return Ok();
  }

  Result<Fd> Reopen(int child, const Identity& wanted) const {
    Fd parent = TRY(OpenAt(child, "..", O_PATH | O_DIRECTORY | O_NOFOLLOW));
    if (TRY(Identify(parent.get(), path_)) == wanted) return parent;
    return Error(Code::kBusy, "'" + path_ + "' was moved while it was being deleted");
  }

  const int top_;
  const uint64_t mount_;
  std::vector<Level> levels_;
  std::string path_;  // for errors: of the last level, with a slash at its end
};

}  // namespace

bool IsMountPoint(int dirfd, const std::string& name) {
  struct statx sx {};
  return ::statx(dirfd, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &sx) == 0 &&
         (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Status RemoveTree(int dirfd, const std::string& name) {
  return TreeRemover(dirfd, TRY(Identify(dirfd, name)).mount).Run(name);
}

Status RemoveTree(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return RemoveTree(AT_FDCWD, path);
  const Result<Fd> dir = Open(slash == 0 ? "/" : path.substr(0, slash), O_PATH | O_DIRECTORY);
  if (!dir.ok()) return dir.error().sys_errno() == ENOENT ? Ok() : Status(dir.error());
  return RemoveTree(dir->get(), path.substr(slash + 1));
}

}  // namespace ctool::sys
