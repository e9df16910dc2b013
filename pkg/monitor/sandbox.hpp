// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "monitor/group.hpp"
#include "network/backend.hpp"
#include "network/netavark.hpp"
#include "userns/userns.hpp"

namespace ctool::monitor {

// What a container's namespaces, network and streams are made from. It follows from the command line alone, so the
// monitor makes them while the image is looked up and the bundle written.
struct Sandbox {
  uint64_t namespaces = 0;  // CLONE_NEW*
  userns::IdMap map;
  userns::IdMap store;  // by which the store's files are owned, when that is another; else empty
  bool terminal = false;
  bool keep_stdin = false;  // -i: a pipe; otherwise /dev/null
  bool passthrough = false;  // the streams are the command's own: the first three of its descriptors
  int64_t files = 0;         // so many descriptors follow; what is left of them is passed on, from number 3
  network::Backend network;  // no name: no network to start
  // Others' namespaces, entered in this order. A descriptor of each, before `files` others.
  struct Joined {
    uint64_t types = 0;  // CLONE_NEW* of a process (a pidfd); 0: the descriptor is a namespace
  };
  std::vector<Joined> joined;
  userns::IdMap below;  // of a user namespace of its own below the one that is joined
  network::NetavarkOrder netavark;       // of bridge networks: its program, empty without any; the request is a file
  GroupOrder group;
  std::string shared_dir;                // network::SharedFolder, of bridge networks

  static Result<Sandbox> Parse(std::string_view bytes);
  std::string Print() const;
};

}  // namespace ctool::monitor
