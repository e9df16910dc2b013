// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/root.hpp"

namespace ctool::engine {

// A folder of a layer that hides those below it: our overlays keep the mark in user.* (mount option userxattr).
bool IsOpaque(int dir);

// What an overlay of layer folders would show, found out without mounting one.
class LayerStack {
 public:
  static Result<LayerStack> Open(const std::vector<std::string>& folders);  // top first

  // The layers, by number, whose directories an overlay merges at some path.
  using Merged = std::vector<size_t>;
  Merged All() const;

  struct Found {
    bool exists = false;
    struct stat st {};
    size_t layer = 0;  // the topmost that has it
    Merged below;      // of a directory
  };
  // `path` from the root; `parent` is what is merged at its directory.
  Result<Found> Find(const Merged& parent, const std::string& path) const;
  // The names in a directory.
  Result<std::set<std::string>> Names(const Merged& merged, const std::string& path) const;

 private:
  std::vector<sys::Root> layers_;
};

}  // namespace ctool::engine
