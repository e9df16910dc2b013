// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/unpack.hpp"
#include "base/result.hpp"
#include "spec/digest.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"
#include "sys/fd.hpp"
#include "sys/lock.hpp"
#include "userns/userns.hpp"

namespace ctool::storage {

// The store's folders (DESIGN.md has the formats). Opening makes what is missing, 0700, and the
// marker file without which nothing is ever deleted.
class Store {
 public:
  static Result<Store> Open(const std::string& graph_root);

  const std::string& root() const { return root_; }
  std::string DatabasePath() const { return root_ + "/ctool.db"; }
  std::string BlobPath(const spec::Digest& digest) const;
  std::string LayerPath(const spec::Digest& diff_id) const;      // layers/<hex>
  std::string LayerDiffPath(const spec::Digest& diff_id) const;  // layers/<hex>/diff
  std::string ContainerPath(const std::string& id) const;        // containers/<id>
  std::string VolumePath(const std::string& name) const;         // volumes/<name>/_data

  // --- blobs ---
  // A blob being received: bytes go to a staging file and through the hash; Commit verifies digest
  // and size, syncs and renames. Destroying it without Commit leaves nothing.
  class BlobWriter {
   public:
    virtual ~BlobWriter() = default;
    virtual Status Write(std::string_view bytes) = 0;
    virtual Status Commit() = 0;
    virtual int fd() const = 0;
  };
  Result<std::unique_ptr<BlobWriter>> NewBlob(const spec::Descriptor& expected) const;
  Status PutBlob(std::string_view bytes, const spec::Digest& digest) const;  // small documents
  bool HasBlob(const spec::Digest& digest, int64_t size) const;
  Result<std::string> ReadBlob(const spec::Digest& digest, size_t max_bytes) const;
  Result<sys::Fd> OpenBlob(const spec::Digest& digest) const;

  // --- layers --- (callers are inside the user namespace of the store's id map)
  // Unpacks a decompressed tar into a staging folder, verifies the diffID over the stream and
  // makes the layer visible. Two processes that unpack one layer at once both succeed; the second
  // finds it there. Returns size and stats. Not durable before SyncLayers.
  struct UnpackedLayer {
    int64_t size = 0;
    archive::UnpackStats stats;
    spec::Digest diff_id;
  };
  // `expected` may be empty (import): the layer is named by what came.
  Result<UnpackedLayer> UnpackLayer(archive::Source& tar, const spec::Digest& expected,
                                    const archive::UnpackOptions& options) const;
  bool HasLayer(const spec::Digest& diff_id) const;
  Status SyncLayers() const;  // syncfs
  // Makes the thin layer that gives implied directories the attributes of the layers below them;
  // returns its name below layers/, or "" when none is needed.
  Result<std::string> MakeFixupLayer(const std::vector<spec::Digest>& diff_ids) const;

  // --- removal --- (rename away, then delete)
  // Moves `path` (below the store) to trash/ at once; EmptyTrash deletes what is there.
  Status Discard(const std::string& path) const;
  Status EmptyTrash() const;

 private:
  explicit Store(std::string root) : root_(std::move(root)) {}
  std::string root_;
};

}  // namespace ctool::storage
