// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "archive/unpack.hpp"
#include "storage/hashing_source_internal.hpp"
#include "storage/store.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::storage {
namespace {

constexpr mode_t kRootMode = 0755;  // of a root directory that the archive does not describe
// What the root directory has while it is unpacked. No archive describes a root that only its
// owner can enter and that is sticky: if it is still there afterwards, nothing described the root.
constexpr mode_t kUndescribed = S_ISVTX | 0700;

// The unpacked tree in `staged`/diff, complete but for the name.
Result<archive::UnpackStats> UnpackInto(const Staged& staged, archive::Source& tar,
                                        const archive::UnpackOptions& options, LayerMeta& meta) {
  if (::mkdirat(staged.fd(), "diff", 0700) < 0)
    return Error::Sys(errno, "mkdir", staged.path() + "/diff");
  const sys::Fd diff = TRY(sys::OpenAt(staged.fd(), "diff", O_RDONLY | O_DIRECTORY));
  if (::fchmod(diff.get(), kUndescribed) < 0)
    return Error::Sys(errno, "chmod", staged.path() + "/diff");
  const sys::Root root = TRY(sys::Root::Open(staged.path() + "/diff"));
  archive::UnpackStats stats = TRY(archive::Unpack(tar, root, options));
  const struct stat st = TRY(sys::StatFd(diff.get(), "diff"));
  meta.root_described = (st.st_mode & 07777) != kUndescribed;
  if (!meta.root_described && ::fchmod(diff.get(), kRootMode) < 0)
    return Error::Sys(errno, "chmod", staged.path() + "/diff");
  meta.size = static_cast<int64_t>(stats.bytes);
  meta.opaque_root = stats.opaque_root;
  meta.implied_dirs = stats.implied_dirs;
  return stats;
}

// Gives the staged layer its name. One that is there already is as good when it was unpacked in
// this boot; what an earlier boot left may have lost files in a power cut, and makes room.
Status PublishLayer(const Store& store, Staged& staged, const std::string& path,
                    const std::string& boot_id) {
  for (bool again = true;; again = false) {
    Status published = staged.Publish(path);
    if (published.ok() || published.error().code() != Code::kAlreadyExists) return published;
    const Result<LayerMeta> there = ReadLayerMeta(path);
    if (there.ok() && there->boot_id == boot_id) return Ok();
    if (!again) return published;
    TRY(store.Discard(path));
  }
}

Error ExplainFull(Error e, const std::string& root) {
  if (e.sys_errno() != ENOSPC && e.sys_errno() != EDQUOT) return e;
  return std::move(e).Hint("the store '" + root + "' is full; ctool container prune and ctool rmi give space back; see: ctool doctor");
}

}  // namespace

Result<Store::UnpackedLayer> Store::UnpackLayer(archive::Source& tar, const spec::Digest& expected,
                                                const archive::UnpackOptions& options) const {
  Staged staged = TRY(Staged::Make(root_, Staged::Kind::kDirectory));
  HashingSource hashed(tar, expected.empty() ? "sha256" : expected.algorithm());
  LayerMeta meta;
  meta.boot_id = TRY(BootId());
  Result<archive::UnpackStats> stats = UnpackInto(staged, hashed, options, meta);
  if (!stats.ok()) return ExplainFull(std::move(stats).error(), root_);
  spec::Digest diff_id = hashed.Finish();
  meta.tar_size = hashed.count();
  if (!expected.empty() && diff_id != expected)
    return Error(Code::kCorrupt, "layers do not match the image config: expected diffID " +
                                     expected.str() + ", got " + diff_id.str());
  Status written = WriteLayerMeta(staged.fd(), meta);
  if (!written.ok()) return ExplainFull(std::move(written).error(), root_);
  TRY(PublishLayer(*this, staged, LayerPath(diff_id), meta.boot_id));
  return UnpackedLayer{.size = meta.size, .stats = std::move(stats).value(),
                       .diff_id = std::move(diff_id)};
}

Status Store::AdoptLayer(const std::string& folder, const PackedLayer& packed) const {
  Staged staged = TRY(Staged::Make(root_, Staged::Kind::kDirectory));
  LayerMeta meta;
  meta.boot_id = TRY(BootId());
  meta.tar_size = packed.tar_size;
  meta.size = packed.size;
  meta.root_described = packed.root_described;
  const Result<LayerMeta> there = ReadLayerMeta(LayerPath(packed.diff_id));
  if (there.ok() && there->boot_id == meta.boot_id) return Ok();
  TRY(WriteLayerMeta(staged.fd(), meta));
  if (::renameat(AT_FDCWD, folder.c_str(), staged.fd(), "diff") < 0) return Error::Sys(errno, "rename", folder);
  TRY(PublishLayer(*this, staged, LayerPath(packed.diff_id), meta.boot_id));
  // Somebody else was first: whoever has mounted ours goes on with it.
  if (!staged.published() && ::renameat(staged.fd(), "diff", AT_FDCWD, folder.c_str()) < 0) return Error::Sys(errno, "rename", folder);
  return Ok();
}

int64_t Store::LayerTarSize(const spec::Digest& diff_id) const {
  const Result<LayerMeta> meta = ReadLayerMeta(LayerPath(diff_id));
  return meta.ok() ? meta->tar_size : 0;
}

bool Store::HasLayer(const spec::Digest& diff_id) const {
  return sys::Exists(LayerPath(diff_id) + "/meta");
}

}  // namespace ctool::storage
