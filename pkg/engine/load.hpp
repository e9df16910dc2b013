// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "transport/image_name.hpp"

namespace ctool::engine {

struct LoadOptions {
  std::string input;  // a path, a URL, or "" for the standard input
  bool quiet = false;
};

struct LoadedImage {
  std::string id;
  std::vector<std::string> names;  // whole; may be empty
};

// All images of an archive (OCI or docker, compressed or not) or folder, or none of them.
Result<std::vector<LoadedImage>> Load(Engine& engine, const LoadOptions& options);

// The one image that `name` means, and its id: `pull oci-archive:...`. For containers-storage: the image that is here.
Result<std::string> PullFrom(Engine& engine, const transport::ImageName& name, bool quiet);

}  // namespace ctool::engine
