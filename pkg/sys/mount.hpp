// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// A mount that is attached nowhere yet: closing it dissolves it, so there is nothing to undo.
// After Attach the descriptor is the mounted root. New mount API: Linux 5.2, mount_setattr 5.12.
class DetachedMount {
 public:
  using Options = std::vector<std::pair<std::string, std::string>>;  // "" as value: a flag

  // fsopen + fsconfig + fsmount. What the kernel says about a refused option is in the error.
  // `source` is what /proc/mounts shows first.
  static Result<DetachedMount> New(const std::string& type, const std::string& source,
                                   const Options& options, uint64_t attributes);
  // open_tree(OPEN_TREE_CLONE) of `path` (AT_EMPTY_PATH when it is empty).
  static Result<DetachedMount> Clone(int dirfd, const std::string& path, bool recursive);

  // One that another process has made, and sent.
  explicit DetachedMount(Fd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  Fd Release() && { return std::move(fd_); }

  // mount_setattr: MOUNT_ATTR_* to set, MS_PRIVATE/MS_SLAVE/MS_SHARED or 0.
  Status SetAttributes(uint64_t set, uint64_t propagation, bool recursive);
  Status Attach(int target_fd);                    // onto an O_PATH handle
  Status AttachAt(const std::string& host_path);   // onto a path of our own

 private:
  Fd fd_;
};

// Makes every mount of this mount namespace receive events from its peers and send none.
Status MakeMountsSlave();

}  // namespace ctool::sys
