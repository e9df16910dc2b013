// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// These are for paths of our own (the store, the run directory, configuration). Anything below a
// rootfs goes through Root.

// open(2) with O_CLOEXEC, EINTR retried.
Result<Fd> Open(const std::string& path, int flags, mode_t mode = 0);
Result<Fd> OpenAt(int dirfd, const std::string& name, int flags, mode_t mode = 0);

// Everything up to EOF; more than `max_bytes` is kCorrupt. `what` names the source in errors.
Result<std::string> ReadAll(int fd, std::string_view what, size_t max_bytes);
Result<std::string> ReadFile(const std::string& path, size_t max_bytes = 4 << 20);

// Writes all of `data`; EINTR and short writes are handled.
Status WriteAll(int fd, std::string_view data, std::string_view what);

enum class Durability {
  kNone,  // survives our own crash
  kSync,  // survives a power cut: fdatasync before the rename, fsync of the directory after it
};
// The file is the old one or the new one, never a torn one: temporary file plus rename.
Status WriteFileAtomic(const std::string& path, std::string_view data, mode_t mode,
                       Durability durability);

bool Exists(const std::string& path);
// Whether the file system of `path` has extended attributes of users, which overlays of unprivileged mounters are kept
// in: without them the kernel mounts one that fails later, where a directory is deleted and made again.
bool KeepsUserAttributes(const std::string& path);
Result<struct stat> StatFd(int fd, std::string_view what);

// mkdir -p with `mode` exactly for what is new.
Status MakeDirs(const std::string& path, mode_t mode);

// A directory of our own that nobody else can reach: made 0700 if missing; must be a real
// directory, owned by us (in our user namespace) and closed to others, else kPermission.
Result<Fd> OpenPrivateDir(const std::string& path);

Result<std::vector<std::string>> ListDir(int dirfd, std::string_view what);
Result<std::string> ReadLinkAt(int dirfd, const std::string& name);

// Whether something is mounted on `name` below `dirfd`, in whatever mount namespace that is (Linux 5.8). The kernel itself
// refuses to remove only what is one in the caller's namespace: elsewhere the mount is taken down.
bool IsMountPoint(int dirfd, const std::string& name);

// Deletes `name` below `dirfd` and all that is in it, however deep, by a few descriptors: never
// follows a link, stops with kBusy at a mount point, opens up directories without permission bits
// that we own. A missing name is no error. kPermission when a file belongs to a subordinate id: do it again
// inside the user namespace (userns::RunInside).
Status RemoveTree(int dirfd, const std::string& name);
Status RemoveTree(const std::string& path);

// Copies all of `in` to the empty `out`, both at offset 0: reflink, copy_file_range, or read and write. Holes
// stay holes.
Status CopyContents(int in, int out, std::string_view what);

}  // namespace ctool::sys
