// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"

namespace ctool::engine {

struct PushOptions {
  std::string image;        // in the store
  std::string destination;  // docker://..., oci-archive:..., a reference; empty: the image's name
  std::string format;       // "oci", "v2s2"; empty: the image's own
  std::string compression_format;  // "gzip", "zstd", "zstd:chunked"; empty: what is compressed stays as it is
  std::optional<int64_t> compression_level;
  bool force_compression = false;
  bool compress = false;  // dir: only
  std::string digest_file;
  bool all = false;  // of a manifest list, the images too
  FetchOptions fetch;
};

// Sends an image of the store. Blobs go out as they came: nothing is compressed again and no digest changes, unless a
// format or compression is asked for, or layers are not compressed at all, as those of `commit`, and the destination wants
// them so. Returns the digest of the manifest at the destination.
Result<std::string> Push(Engine& engine, const PushOptions& options);

}  // namespace ctool::engine
