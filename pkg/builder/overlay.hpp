// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/work_folder.hpp"
#include "sys/child.hpp"
#include "sys/root.hpp"

namespace ctool::builder {

// An overlay in this process' mount namespace, for as long as the object lives.
class MountedOverlay {
 public:
  // Read-only: folders top first.
  static Result<MountedOverlay> View(const WorkFolder& folder, const std::vector<std::string>& folders);
  // What is written goes to the folder's upper.
  static Result<MountedOverlay> Writable(const WorkFolder& folder, const std::vector<std::string>& folders);
  MountedOverlay(MountedOverlay&& o) noexcept : target_(std::move(o.target_)), root_(std::move(o.root_)), fuse_(std::move(o.fuse_)) { o.target_.clear(); }
  MountedOverlay& operator=(MountedOverlay&&) = delete;
  ~MountedOverlay();

  const sys::Root& root() const { return root_; }

 private:
  MountedOverlay(std::string target, sys::Root root, std::optional<sys::Child> fuse)
      : target_(std::move(target)), root_(std::move(root)), fuse_(std::move(fuse)) {}
  static Result<MountedOverlay> Mount(const WorkFolder& folder, const std::vector<std::string>& folders, bool writable);
  std::string target_;
  sys::Root root_;
  std::optional<sys::Child> fuse_;
};

}  // namespace ctool::builder
