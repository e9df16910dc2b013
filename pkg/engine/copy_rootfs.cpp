// SPDX-License-Identifier: Apache-2.0
#include "engine/copy_rootfs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <array>
#include <map>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

// Lays layer folders over each other, bottom first, inside the user namespace of the ids in them.
// All paths are single names below held descriptors.
class Merger {
 public:
  explicit Merger(int target) : target_(target) {}

  Status AddLayer(int layer) {
    links_.clear();
    return MergeInto(layer, target_, "");
  }

 private:
  using Inode = std::pair<dev_t, ino_t>;

  Status MergeInto(int from, int to, const std::string& path) {
    const std::vector<std::string> names = TRY(sys::ListDir(from, path));
    for (const std::string& name : names) TRY(MergeEntry(from, to, name, path + "/" + name));
    return Ok();
  }

  static bool IsOpaque(int dir) {
    char value = 0;
    return ::fgetxattr(dir, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
  }

  Status MergeDirectory(int from_dir, int to_dir, const std::string& name, const struct stat& st, const std::string& path) {
    const sys::Fd from = TRY(sys::OpenAt(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    struct stat there {};
    const bool exists = ::fstatat(to_dir, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && (!S_ISDIR(there.st_mode) || IsOpaque(from.get()))) TRY(sys::RemoveTree(to_dir, name));
    if (::mkdirat(to_dir, name.c_str(), 0700) < 0 && errno != EEXIST) return Error::Sys(errno, "mkdir", path);
    const sys::Fd to = TRY(sys::OpenAt(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(MergeInto(from.get(), to.get(), path));
    return CopyAttributes(from.get(), to.get(), st, path);
  }

  Status MergeEntry(int from_dir, int to_dir, const std::string& name, const std::string& path) {
    struct stat st {};
    if (::fstatat(from_dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return Error::Sys(errno, "stat", path);
    if (S_ISDIR(st.st_mode)) return MergeDirectory(from_dir, to_dir, name, st, path);
    TRY(sys::RemoveTree(to_dir, name));
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) return Ok();  // a whiteout
    const Inode inode{st.st_dev, st.st_ino};
    if (st.st_nlink > 1) {
      const auto first = links_.find(inode);
      if (first != links_.end()) {
        const std::string source = "/proc/self/fd/" + std::to_string(first->second.get());
        if (::linkat(AT_FDCWD, source.c_str(), to_dir, name.c_str(), AT_SYMLINK_FOLLOW) < 0) return Error::Sys(errno, "link", path);
        return Ok();
      }
    }
    if (S_ISREG(st.st_mode)) return CopyFile(from_dir, to_dir, name, st, inode, path);
    if (S_ISLNK(st.st_mode)) {
      const std::string target = TRY(sys::ReadLinkAt(from_dir, name));
      if (::symlinkat(target.c_str(), to_dir, name.c_str()) < 0) return Error::Sys(errno, "symlink", path);
      return SetOwnerAndTimes(to_dir, name, st, path);
    }
    if (S_ISFIFO(st.st_mode)) {
      if (::mkfifoat(to_dir, name.c_str(), st.st_mode & 07777) < 0) return Error::Sys(errno, "mkfifo", path);
      return SetOwnerAndTimes(to_dir, name, st, path);
    }
    return Ok();
  }

  Status CopyFile(int from_dir, int to_dir, const std::string& name, const struct stat& st, Inode inode, const std::string& path) {
    const sys::Fd from = TRY(sys::OpenAt(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    sys::Fd to = TRY(sys::OpenAt(to_dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(sys::CopyContents(from.get(), to.get(), path));
    TRY(CopyAttributes(from.get(), to.get(), st, path));
    if (st.st_nlink > 1) links_.emplace(inode, std::move(to));
    return Ok();
  }

  static Status SetOwnerAndTimes(int dir, const std::string& name, const struct stat& st, const std::string& path) {
    const timespec times[2] = {st.st_atim, st.st_mtim};
    if (::fchownat(dir, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0) return Error::Sys(errno, "chown", path);
    if (::utimensat(dir, name.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0) return Error::Sys(errno, "utimens", path);
    return Ok();
  }

  // chown clears set-id bits and file capabilities: it comes first.
  static Status CopyAttributes(int from, int to, const struct stat& st, const std::string& path) {
    if (::fchown(to, st.st_uid, st.st_gid) < 0) return Error::Sys(errno, "fchown", path);
    if (::fchmod(to, st.st_mode & 07777) < 0) return Error::Sys(errno, "fchmod", path);
    std::array<char, 8192> names;
    const ssize_t n = ::flistxattr(from, names.data(), names.size());
    for (const char* name = names.data(); n > 0 && name < names.data() + n; name += std::string_view(name).size() + 1) {
      if (StartsWith(name, "user.overlay.")) continue;
      std::array<char, 65536> value;
      const ssize_t size = ::fgetxattr(from, name, value.data(), value.size());
      if (size >= 0 && ::fsetxattr(to, name, value.data(), static_cast<size_t>(size), 0) < 0 && errno != EOPNOTSUPP && errno != EPERM)
        return Error::Sys(errno, "fsetxattr", path);
    }
    const timespec times[2] = {st.st_atim, st.st_mtim};
    if (::futimens(to, times) < 0) return Error::Sys(errno, "futimens", path);
    return Ok();
  }

  int target_;
  std::map<Inode, sys::Fd> links_;  // of the layer that is being added
};

Status CopyInside(const std::vector<std::string>& layers, const std::string& target) {
  TRY(sys::MakeDirs(target, 0755));
  const sys::Fd to = TRY(sys::Open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  Merger merger(to.get());
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    const sys::Fd from = TRY(sys::Open(*layer, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(merger.AddLayer(from.get()));
  }
  return Ok();
}

}  // namespace

Status CopyRootfs(const std::vector<std::string>& layers, const std::string& target) {
  const userns::IdMap map = TRY(userns::DefaultMap());
  const int code = TRY(userns::RunInside(map, [&]() -> int {
    const Status copied = CopyInside(layers, target);
    if (copied.ok()) return 0;
    Log(LogLevel::kError, "copying the image to '" + target + "': " + copied.error().Message());
    const Status removed = sys::RemoveTree(target);
    return removed.ok() ? 1 : 2;
  }));
  if (code != 0) return Error(Code::kIo, "copying the image failed");
  return Ok();
}

}  // namespace ctool::engine
