// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::cgroup {

inline constexpr char kSystemd[] = "systemd", kCgroupfs[] = "cgroupfs";

// What a container's group is asked to be.
struct Wish {
  std::string manager;  // "systemd", "cgroupfs"; empty: the better one of those that are there
  std::string parent;   // --cgroup-parent
  bool split = false;   // below the caller's own group
};

// Where a container's group can be made.
struct Place {
  std::string manager;  // "systemd", "cgroupfs"; empty: nowhere
  std::string socket;   // systemd: its private socket
  std::string slice;    // systemd: of the scope
  std::string parent;   // cgroupfs: the group in which it is made
  std::string why, hint;  // nowhere: the reason, and what to do

  bool found() const { return !manager.empty(); }
};

// Costs one statfs where there is no version 2, and on a machine with it a few more reads. kInvalidArgument: a parent that
// the manager can't have.
Result<Place> FindPlace(const Wish& wish);

// The controllers that a container's group gets there.
std::vector<std::string> ControllersOf(const Place& place);

// What an administrator does for a controller that is missing there.
std::string HintFor(const Place& place);

// The controllers that limits need.
inline constexpr const char* kControllers[] = {"cpuset", "cpu", "io", "memory", "pids"};

// Lets groups in `parent` have controllers; groups above it, as far as they are ours, pass them on.
void EnableBelow(const std::string& parent);

}  // namespace ctool::cgroup
