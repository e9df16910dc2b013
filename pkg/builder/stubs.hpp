// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::builder {

// The empty files and folders that are made for a step's mounts, where the image has none: they are no part of its layer.
class Stubs {
 public:
  // Before the step: `folders` are what it sees, top first; `points` where something is mounted.
  static Stubs Note(const std::vector<std::string>& folders, const std::vector<std::string>& points);
  // After it: those that are still empty go from its upper folder, and folders that were only copied up for them.
  Status Remove(const std::string& upper) const;

 private:
  struct Place {
    std::string path;  // without a slash in front
    bool was_there = false;
    unsigned mode = 0, uid = 0, gid = 0;  // of a folder that was there
  };
  std::vector<Place> places_;  // deepest first
};

}  // namespace ctool::builder
