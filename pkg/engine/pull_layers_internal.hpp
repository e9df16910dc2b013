// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "archive/unpack.hpp"
#include "base/result.hpp"
#include "engine/interrupt.hpp"
#include "engine/pull_progress_internal.hpp"
#include "transport/image.hpp"
#include "spec/image.hpp"
#include "storage/early_sync.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// One blob of an image and what has to be done about it.
struct LayerJob {
  spec::Descriptor blob;
  spec::Digest diff_id;
  spec::Compression compression = spec::Compression::kNone;
  bool fetch = true;   // the blob is not here yet
  bool unpack = true;  // nor is the layer
  int64_t size = 0;    // unpacked; set when `unpack` is done
};

struct LayerWork {
  transport::ImageSource& source;
  const storage::Store& store;
  const archive::UnpackOptions& unpack;
  PullProgress& progress;
  Interrupt& interrupt;
  bool decompress_apart = false;               // set by FetchLayers
  storage::EarlySync* early_sync = nullptr;  // likewise
};

// Does all jobs, some of them at once. Each streams through two or three threads with bounded pipes
// between them: network, blob file and its digest; decompression; diffID and unpacking. The first
// error stops the others and is returned. Must be inside the user namespace.
Status FetchLayers(LayerWork work, std::vector<LayerJob>& jobs);

}  // namespace ctool::engine
