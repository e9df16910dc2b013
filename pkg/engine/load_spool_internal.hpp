// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/add_image_internal.hpp"
#include "storage/store.hpp"
#include "transport/archive.hpp"

namespace ctool::engine {

// Keeps the large files of a streamed archive as blobs of the store. They are most often just that; what turns out to
// be something else is a blob that no image refers to, which the next clean-up removes.
class StoreSpool final : public transport::Spool {
 public:
  StoreSpool(const storage::Store& store, ImageAdder& adder) : store_(store), adder_(adder) {}

  Result<spec::Digest> Keep(archive::Source& bytes, int64_t size) override;
  Result<sys::Fd> Open(const spec::Digest& digest) override { return store_.OpenBlob(digest); }

 private:
  const storage::Store& store_;
  ImageAdder& adder_;
};

}  // namespace ctool::engine
