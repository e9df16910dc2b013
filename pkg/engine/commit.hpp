// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
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
  // Called around the reading of the container's files when it is to stand still; by id.
  std::function<Status(const std::string&)> pause, unpause;
};

// In the program ctool-images only: makes an image of a container's image and what it has changed; returns the id.
Result<std::string> CommitContainer(Engine& engine, const CommitOptions& options);

}  // namespace ctool::engine
