// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// The row of a layer that CommitImage is going to make durable.
Result<state::Layer> DurableLayer(const spec::Digest& diff_id, int64_t size);

// Makes an image visible whose blobs and layers are in the store: one sync for all of them, then
// the rows in one transaction, so that a crash leaves the image whole or not at all. Fills in the
// fix-up layer; returns the id. The content lock is held by the caller.
Result<std::string> CommitImage(const storage::Store& store, state::Database& db,
                                state::Image image, const std::vector<state::Layer>& layers);

}  // namespace ctool::engine
