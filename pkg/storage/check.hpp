// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/store.hpp"

namespace ctool::storage {

// What is wrong with a blob, "" for nothing. A negative `size` is any. `quick`: it is not read. Errors are the disk's.
std::string CheckBlob(const Store& store, const spec::Digest& digest, int64_t size, bool quick);

// What is wrong with a layer's folder, and with the blob that it came from (may be empty: it was not kept).
struct LayerCheck {
  std::vector<std::string> layer;
  std::string blob;
};
struct LayerCheckOptions {
  bool quick = false;   // nothing is read
  bool owners = true;   // false: the store has only one id
};
// The blob is read once: it is hashed, decompressed, hashed again and compared with the folder on the way. Safe in several threads at once.
LayerCheck CheckLayer(const Store& store, const spec::Digest& diff_id, const spec::Digest& blob, int64_t blob_size,
                      const LayerCheckOptions& options);

}  // namespace ctool::storage
