// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// The row of a layer that CommitImage is going to make durable.
Result<state::Layer> DurableLayer(const spec::Digest& diff_id, int64_t size);

// An image whose blobs and layers are in the store and whose rows are not in the database.
struct AddedImage {
  state::Image row;  // without names and digests: they are for the caller to say
  std::vector<state::Layer> layers;
  std::optional<spec::Digest> index;  // the index that it was chosen from
};

// Makes the images visible, all of them or none: one sync for what is in the store, then the rows in one transaction, so
// that a crash leaves images whole or not at all. Fills in the fix-up layers; returns the ids. The content lock is held
// by the caller.
Result<std::vector<std::string>> CommitImages(const storage::Store& store, state::Database& db,
                                              std::vector<AddedImage> images);
Result<std::string> CommitImage(const storage::Store& store, state::Database& db,
                                state::Image image, const std::vector<state::Layer>& layers);

}  // namespace ctool::engine
