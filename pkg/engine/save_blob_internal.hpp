// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/result.hpp"
#include "engine/pull_progress_internal.hpp"
#include "spec/image.hpp"
#include "storage/store.hpp"
#include "sys/fd.hpp"
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

// Writes layers to a destination. Those that have to be decompressed are done at the end, several at once, where the
// destination has places for them; others at once.
class LayerSaver {
 public:
  LayerSaver(const storage::Store& store, transport::ImageDestination& to, PullProgress& progress)
      : store_(store), to_(to), progress_(progress) {}

  // Returns what the layer is there: the type is that of `blob`, but for compression. The blob's digest is verified on
  // the way: kCorrupt "digest mismatch", after which the destination is good for nothing.
  Result<spec::Descriptor> Save(const SavedLayer& layer, LayerForm form);
  // Before the destination's Finish.
  Status FillPlaces();

 private:
  struct Place {
    SavedLayer layer;
    transport::FileRange range;
  };
  Result<spec::Descriptor> SavePlain(const SavedLayer& layer);
  Result<spec::Descriptor> SaveCompressed(const SavedLayer& layer, const sys::Fd& file);
  Status Fill(const Place& place) const;

  const storage::Store& store_;
  transport::ImageDestination& to_;
  PullProgress& progress_;
  std::vector<Place> places_;
};

// The same for another blob, as it is.
Status SaveBlob(const storage::Store& store, const spec::Descriptor& blob, const char* what,
                transport::ImageDestination& to, PullProgress& progress);

}  // namespace ctool::engine
