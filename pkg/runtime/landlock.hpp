// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::runtime {

// --security-opt landlock=ITEM[,ITEM]...: what the container's processes may still do, whoever they are in it.
//
//   ro=PATH[:PATH]...          read and execute what is there and below
//   rw=PATH[:PATH]...          and write, make, rename and delete it
//   ro-noexec=, rw-noexec=     the same, but nothing of it is executed
//   tcp-bind=PORT[:PORT]...    the ports that TCP sockets are bound to, or "none"
//   tcp-connect=PORT[:PORT]... and connect to
//   scope=signal[:abstract-unix]  no signals to, and no abstract sockets of, processes outside
//   best-effort                what this kernel can't enforce is left out, with a warning; otherwise it is an error
//
// What no item speaks of (files, bind, connect) is as free as it was.
struct Landlock {
  struct Path {
    std::string path;  // absolute, in the container
    bool write = false, execute = false;
  };
  std::vector<Path> paths;
  std::vector<uint16_t> bind, connect;
  bool limits_files = false, limits_bind = false, limits_connect = false;
  bool scope_signal = false, scope_abstract_unix = false;
  bool best_effort = false;

  bool empty() const { return !limits_files && !limits_bind && !limits_connect && !scope_signal && !scope_abstract_unix; }
  // Adds what `items` says. Lines are items too, and "#" begins a comment: the form of a file.
  Status Add(std::string_view items);
  std::string Print() const;  // one that Add takes
};

// What is on the right of "landlock=": items, or a file of them on the host.
Status AddLandlock(const std::string& value, Landlock& into);

// The kernel's version of the interface; 0: there is none.
int LandlockAbi();
// kUnsupported for what `abi` can't enforce. With best-effort it becomes a warning.
Status CheckLandlock(const Landlock& rules, int abi);

}  // namespace ctool::runtime
