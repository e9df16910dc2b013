// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct CommitOptions {
  std::string container, image;      // `image`: the name, may be empty
  std::vector<std::string> changes;  // as import's
  std::string author, message;
  std::string format = "oci";  // or "docker"
  bool squash = false, include_volumes = false;
  bool pause = false;  // the container stands still while its files are read
};

// Makes an image of a container's image and what it has changed; returns the id.
Result<std::string> CommitContainer(Engine& engine, const CommitOptions& options);

}  // namespace ctool::engine
