// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/unpack.hpp"
#include "base/result.hpp"
#include "spec/digest.hpp"
#include "spec/image.hpp"
#include "sys/fd.hpp"
#include "sys/lock.hpp"

namespace ctool::storage {

// The store's folders; DESIGN.md has the formats, and what survives a power cut when.
class Store {
 public:
  // Makes what is missing, 0700, and the marker file without which nothing is ever deleted. A
  // folder that holds anything else than a store is kInvalidArgument. A store on a read-only file
  // system opens too; what writes to it fails.
  static Result<Store> Open(const std::string& graph_root);

  const std::string& root() const { return root_; }
  // Names in the store's folder that only ctool makes.
  static bool IsOurs(const std::string& name);
  std::string DatabasePath() const { return root_ + "/ctool.db"; }
  std::string BlobPath(const spec::Digest& digest) const;
  std::string LayerPath(const spec::Digest& diff_id) const;      // layers/<hex>
  std::string LayerDiffPath(const spec::Digest& diff_id) const;  // layers/<hex>/diff
  std::string ContainerPath(const std::string& id) const;        // containers/<id>
  std::string VolumePath(const std::string& name) const;         // volumes/<name>/_data

  // Held shared by whoever adds blobs or layers, until the rows that refer to them are committed;
  // held exclusively by whoever removes what no row refers to. `Try` is kBusy instead of waiting.
  Result<sys::FileLock> LockContent(sys::FileLock::Mode mode) const;
  Result<sys::FileLock> TryLockContent(sys::FileLock::Mode mode) const;

  // Makes every blob and layer that is visible now durable (one syncfs). To be called before the
  // rows that refer to them are committed.
  Status Sync() const;

  // --- blobs ---
  // A blob being received: bytes go to a staging file and through the hash; Commit verifies digest
  // and size and makes it visible. Destroying it without Commit leaves nothing.
  class BlobWriter {
   public:
    virtual ~BlobWriter() = default;
    // kCorrupt when there are more bytes than expected.
    virtual Status Write(std::string_view bytes) = 0;
    // kCorrupt "digest mismatch: ..." or "blob ...: truncated". Once.
    virtual Status Commit() = 0;
    virtual int fd() const = 0;  // the staging file: what was written can be read with pread(2)
    virtual const spec::Digest& digest() const = 0;  // of what came, after Commit
    virtual int64_t size() const = 0;                // written so far
  };
  // Without a digest in `expected` the blob (commit, import) is named by what comes, and its size
  // is not checked.
  Result<std::unique_ptr<BlobWriter>> NewBlob(const spec::Descriptor& expected) const;
  Status PutBlob(std::string_view bytes, const spec::Digest& digest) const;  // small documents
  // True when the blob is there and can be believed: one that is not durable yet (a pull was
  // interrupted) is read and hashed.
  bool HasBlob(const spec::Digest& digest, int64_t size) const;
  // Contents of a small document, verified: kCorrupt "blob ... is damaged: ..." otherwise.
  Result<std::string> ReadBlob(const spec::Digest& digest, size_t max_bytes) const;
  Result<sys::Fd> OpenBlob(const spec::Digest& digest) const;
  Result<std::vector<spec::Digest>> ListBlobs() const;

  // --- layers --- (callers are inside the user namespace of the store's id map)
  // Unpacks a decompressed tar into a staging folder, verifies the diffID over the stream and
  // makes the layer visible. Two processes that unpack one layer at once both succeed; the second
  // finds it there. A layer that is left from an earlier boot is replaced: whoever calls has found
  // no row that says it is durable. Not durable before Sync.
  // Errors: kCorrupt "layers do not match the image config: ..." and those of archive::Unpack.
  struct UnpackedLayer {
    int64_t size = 0;
    archive::UnpackStats stats;
    spec::Digest diff_id;
  };
  // `expected` may be empty (import): the layer is named by what came.
  Result<UnpackedLayer> UnpackLayer(archive::Source& tar, const spec::Digest& expected,
                                    const archive::UnpackOptions& options) const;
  // Makes a layer of `folder`, an overlay's upper folder with nothing of another layer's in it, by renaming it; `blob` is
  // the archive that was written of it. `root_described`: it has an entry for the root directory. When the layer is there
  // already `folder` stays as it is. Not durable before Sync.
  struct PackedLayer {
    spec::Digest diff_id;
    int64_t tar_size = 0, size = 0;
    bool root_described = false;
  };
  Status AdoptLayer(const std::string& folder, const PackedLayer& packed) const;
  // Whether the folder is there. It can be used when its row is durable or of the present boot.
  bool HasLayer(const spec::Digest& diff_id) const;
  // Bytes of the archive that it was unpacked from; 0 when nobody knows.
  int64_t LayerTarSize(const spec::Digest& diff_id) const;
  // Names below layers/: hex diffIDs and fix-up layers.
  Result<std::vector<std::string>> ListLayers() const;

  // Makes the thin layer that gives directories which upper layers only imply the attributes that
  // the layers below describe, among them the image's root directory; returns its name below
  // layers/, or "" when none is needed. Durable when it returns.
  Result<std::string> MakeFixupLayer(const std::vector<spec::Digest>& diff_ids) const;
  // The lower directories of an overlay for an image, topmost first: the fix-up layer (may be ""),
  // then the layers, each once, without those that an opaque root hides. The root directory of the
  // first one has the owner, mode and xattrs that the container's is to have.
  std::vector<std::string> LowerDirs(const std::vector<spec::Digest>& diff_ids,
                                     const std::string& fixup_layer) const;

  // --- removal --- (rename away, then delete)
  // Moves `path` to trash/ at once. It must be an entry below blobs/, layers/, containers/,
  // volumes/ or staging/ of a store with its marker, reached without symbolic links
  // (kInvalidArgument); a missing one is no error. kBusy for a mount point.
  Status Discard(const std::string& path) const;
  // Moves what dead processes were making to the trash. Best effort.
  void DiscardDeadStaging() const;
  // Deletes the whole store; what in its folder is not ours stays, and is returned. Inside the user namespace where files belong to
  // subordinate ids. The marker goes last, so that one that is cut short can be repeated. kCorrupt without the marker.
  Result<std::vector<std::string>> DeleteAll() const;
  // Deletes what is in the trash, and goes on after an error; the first one is returned.
  // kPermission: files of subordinate ids, to be deleted inside the user namespace.
  Status EmptyTrash() const;

 private:
  explicit Store(std::string root) : root_(std::move(root)) {}
  std::string root_;
};

}  // namespace ctool::storage
