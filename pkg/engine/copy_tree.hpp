// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "sys/dir_stack.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

struct CopyTreeOptions {
  // The source is a layer folder: whiteouts remove what is in the target, and opaque directories replace it.
  bool layer = false;
  // Everything gets this owner; otherwise that of the source.
  std::optional<std::pair<uid_t, gid_t>> owner;
  // What everything but symbolic links gets of the source's mode.
  std::function<mode_t(mode_t mode, bool directory)> mode;
  // Directories that are there keep their owner, mode and times.
  bool keep_directories = false;
  // A link in the way of a directory: the directory that it leads to, to be copied into, or nothing, and it is replaced.
  std::function<Result<std::optional<sys::Fd>>(const std::string& path)> follow;
  // An owner that the target can't have (there is only one id) is no error.
  bool any_owner = false;
  // A directory may take the place of something else, and the reverse.
  bool replace = true;
  // Entries that the user may not read are passed over, not an error.
  bool skip_unreadable = false;
  // Nobody looks at the target before the copy is complete: a file needs not be whole when it gets its name.
  bool unseen = false;
  // Left out, by path below the source.
  std::function<bool(const std::string& path)> skip;
  // How `path` below the target is shown in messages.
  std::string shown = "/";
};

// Copies trees between directories, by single names below held descriptors: no symbolic link of either side is
// followed, so nobody who changes them meanwhile can lead the copy elsewhere. Modes, times, xattrs and hard links
// are kept; large files share their blocks where the file system can do that, holes stay holes. Directories merge;
// anything else is replaced. Devices and sockets are left out.
class TreeCopier {
 public:
  explicit TreeCopier(CopyTreeOptions options) : options_(std::move(options)) {}

  // The contents of directory `from` into directory `to` (both open for reading).
  Status CopyContents(sys::Fd from, sys::Fd to);
  // The entry `name` of `from`, which is no symbolic link, as `as` in `to`.
  Status CopyEntry(sys::Fd from, const std::string& name, sys::Fd to, const std::string& as);

 private:
  using Inode = std::pair<dev_t, ino_t>;
  // A directory whose entries are being copied.
  struct Level {
    std::vector<std::string> names;
    size_t next = 0;
    struct stat st {};  // of the source directory, for its copy when that is complete
    bool keep = false;  // it was there, and stays as it is
  };
  struct Link {
    std::string path;  // below the target
    dev_t dev = 0;
    ino_t ino = 0;
  };

  Status Begin(sys::Fd from, sys::Fd to);
  Status Walk();
  Status Handle(const std::string& name, const std::string& as);
  Status BeginDirectory(const std::string& name, const std::string& as, const struct stat& st);
  Status EndDirectory();
  Status CopyBehindLink(const std::string& as, sys::Fd into);
  Status CopyFile(int from, const std::string& name, int to, const std::string& as);
  Result<sys::Fd> MakeFile(int to, const std::string& as, mode_t mode);
  Result<sys::Fd> OpenInPlace(int to, const std::string& as, const Error& removed);
  Status GiveName(int file, int to, const std::string& as);
  Status Replace(int file, int to, const std::string& as);
  Status CopySymlink(int from, const std::string& name, int to, const std::string& as, const struct stat& st);
  Status CopyFifo(int to, const std::string& as, const struct stat& st);
  Result<bool> CopyLink(const struct stat& st, int to, const std::string& as);
  void Remember(const struct stat& source, int to, const std::string& as);
  Status MakeRoom(int to, const std::string& as, bool directory);
  Status SetAttributes(int from, int to, const struct stat& st, const std::string& path) const;
  Status SetOwnerAndTimes(int dir, const std::string& as, const struct stat& st) const;
  Status ChangeOwner(int fd, const char* name, const struct stat& st, const std::string& path) const;
  mode_t ModeOf(const struct stat& st) const;  // of what is made
  std::string Path(const std::string& as) const;   // below the target
  std::string Shown(const std::string& as) const;  // for messages
  Error FileExists(const std::string& as, bool directory) const;

  CopyTreeOptions options_;
  std::optional<sys::DirStack> from_, to_;
  std::vector<Level> levels_;
  Inode base_;  // of the target
  std::map<Inode, Link> links_;
  bool at_entry_ = false;  // the next is CopyEntry's own
};

}  // namespace ctool::engine
