// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// openat2(2), O_CLOEXEC always, with RESOLVE_IN_ROOT or RESOLVE_BENEATH. Where the kernel (before 5.6) or an outer seccomp
// filter refuses it, its steps are done one by one, which takes longer.
Result<Fd> Openat2(int dirfd, const std::string& path, uint64_t flags, uint64_t mode,
                   uint64_t resolve);

// A directory tree that foreign data may have shaped (an unpacked layer, a rootfs). The only way
// to name anything below it is through these calls, which resolve every path, and every symbolic
// link in it, as a process chroot'ed there would see it (RESOLVE_IN_ROOT) and refuse magic links.
class Root {
 public:
  // `host_dir` is a path of our own, resolved once in the usual way.
  static Result<Root> Open(const std::string& host_dir);
  explicit Root(Fd dir) : dir_(std::move(dir)) {}

  int fd() const { return dir_.get(); }

  // Opens `inner` (absolute or relative to the root, the same here). O_CREAT needs a parent that
  // exists; prefer OpenParent + openat(O_EXCL | O_NOFOLLOW).
  Result<Fd> Open(const std::string& inner, uint64_t flags, uint64_t mode = 0) const;

  // The directory of inner's last component, and that name: for mkdirat, mknodat, symlinkat,
  // linkat, unlinkat. The name is never empty, "." or "..".
  struct Parent {
    Fd dir;
    std::string name;
  };
  Result<Parent> OpenParent(const std::string& inner) const;

  // mkdir -p below the root, following links inside it, never leaving it; each new directory has
  // `mode` exactly (no umask). Returns an O_PATH handle of the last.
  Result<Fd> MakeDirs(const std::string& inner, mode_t mode) const;

  // Contents of a regular file shaped by foreign data: never blocks on a FIFO, at most
  // `max_bytes` (more is kCorrupt).
  Result<std::string> ReadRegular(const std::string& inner, size_t max_bytes) const;

 private:
  Fd dir_;
};

// Reads a regular file behind an O_PATH or readable descriptor as Root::ReadRegular does.
Result<std::string> ReadRegularAt(int dirfd, const std::string& path, uint64_t resolve,
                                  size_t max_bytes);

}  // namespace ctool::sys
