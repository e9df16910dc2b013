// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// A layer on those below it.
struct LayerNode {
  std::string diff_id;
  int64_t size = 0;
  std::vector<std::string> top_of;   // names of the images that end with it (ids of those without a name)
  std::vector<LayerNode> children;   // layers that images have put on it; in a tree of one image at most one
};
struct ImageTree {
  state::Image image;
  LayerNode root;  // the bottom layer; without diff_id when there is none
};

// An image's layers, bottom first; with `children` its last layer and everything that other images have put on it.
Result<ImageTree> TreeOfImage(Engine& engine, const std::string& name, bool children);

}  // namespace ctool::engine
