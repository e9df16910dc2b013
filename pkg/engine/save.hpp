// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct SaveOptions {
  std::vector<std::string> images;
  std::string output;  // "": the standard output
  std::string format = "docker-archive";  // oci-archive, oci-dir, docker-dir
  bool multi = false;  // each of `images` is one; else the others are further names of the first
  bool quiet = false;
  bool compress = false;      // docker-dir: layers that are not compressed become so
  bool uncompressed = false;  // OCI: layers are written as what they decompress to
};

// Writes images to an archive or folder. OCI formats get manifests, configs and layers as they are in the store, digests
// unchanged; each blob is verified on the way. An archive is visible at `output` when it is whole.
Status Save(Engine& engine, const SaveOptions& options);

}  // namespace ctool::engine
