// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/result.hpp"
#include "engine/pull_progress_internal.hpp"
#include "spec/image.hpp"
#include "storage/store.hpp"
#include "transport/image.hpp"

namespace ctool::engine {

// What becomes of a layer on its way out of the store.
enum class LayerForm {
  kAsItCame,
  kPlain,  // decompressed
  kGzip,   // compressed, if it is not
};

struct SavedLayer {
  spec::Descriptor blob;  // in the store
  spec::Digest diff_id;
};

// Writes the layer to `to` in this form and returns what it is there: the type is that of `blob`, but for compression.
// The blob's digest is verified on the way: kCorrupt "digest mismatch", after which the destination is good for nothing.
Result<spec::Descriptor> SaveLayer(const storage::Store& store, const SavedLayer& layer, LayerForm form,
                                   transport::ImageDestination& to, PullProgress& progress);

// The same for another blob, as it is.
Status SaveBlob(const storage::Store& store, const spec::Descriptor& blob, const char* what,
                transport::ImageDestination& to, PullProgress& progress);

}  // namespace ctool::engine
