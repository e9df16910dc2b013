// SPDX-License-Identifier: Apache-2.0
#include "builder/pack.hpp"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include <set>
#include <utility>

#include "archive/stream.hpp"
#include "archive/tar_writer.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "builder/overlay.hpp"
#include "engine/pack_tree.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

constexpr int kReadDir = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr int kOpenFolders = 32;

// nftw(3) passes nothing on.
thread_local const Times* g_times = nullptr;

int SetTime(const char* path, const struct stat* st, int /*type*/, struct FTW* /*where*/) {
  const int64_t wanted = *g_times->files;
  if (g_times->clamp && st->st_mtim.tv_sec < wanted) return 0;
  const timespec times[2] = {{wanted, 0}, {wanted, 0}};
  return ::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

// The files themselves, so that the layer's folder and its archive are the same. Nobody else works on the folder any more.
Status SetTimes(const std::string& folder, const Times& times) {
  if (!times.files) return Ok();
  g_times = &times;
  // Depth first: a directory's time is set after what is in it.
  const int failed = ::nftw(folder.c_str(), SetTime, kOpenFolders, FTW_PHYS | FTW_DEPTH);
  g_times = nullptr;
  return failed == 0 ? Ok() : Status(Error::Sys(errno, "set times below", folder));
}

// A change of the root directory itself is part of the layer; most steps leave it alone.
Result<bool> IsRootChanged(const std::string& upper, const struct stat& b) {
  const sys::Fd now = TRY(sys::Open(upper, O_PATH | O_DIRECTORY));
  const struct stat a = TRY(sys::StatFd(now.get(), upper));
  return a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid;
}

struct Archive {
  spec::Digest digest;
  int64_t tar_size = 0, size = 0;
  bool as_overlay = true;  // false: it has marks of fuse-overlayfs, which the kernel's does not know
};

Result<Archive> WriteArchive(Session& session, sys::Fd tree, bool layer, bool with_root) {
  Archive archive;
  std::set<std::pair<dev_t, ino_t>> seen;
  engine::PackTreeOptions options;
  options.layer = layer;
  options.skip = [&](const std::string& path, const struct stat& st) {
    if (StartsWith(path.substr(path.rfind('/') + 1), ".wh.")) archive.as_overlay = false;
    if (S_ISREG(st.st_mode) && (st.st_nlink == 1 || seen.emplace(st.st_dev, st.st_ino).second)) archive.size += st.st_size;
    return false;
  };
  const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(session.store.NewBlob({}));
  archive::TarWriter tar([&](std::string_view bytes) -> Status {
    TRY(session.GoOn());
    return blob->Write(bytes);
  });
  engine::TreePacker packer(tar, options);
  if (with_root) TRY(packer.PackRoot(tree.get()));
  TRY(packer.PackContents(std::move(tree)));
  TRY(tar.Finish());
  TRY(blob->Commit());
  archive.digest = blob->digest();
  archive.tar_size = blob->size();
  return archive;
}

// By unpacking what was just packed: for a tree that can't become the layer itself.
Status Unpack(Session& session, const Archive& archive, bool layer) {
  const sys::Fd blob = TRY(session.store.OpenBlob(archive.digest));
  const std::unique_ptr<archive::Source> tar = archive::FromFd(blob.get(), "layer");
  archive::UnpackOptions options;
  options.whiteouts = layer;
  options.ignore_chown_errors = session.map.single_id;
  TRY(session.store.UnpackLayer(*tar, archive.digest, options));
  return Ok();
}

PackedLayer Describe(const Session& session, const Archive& archive) {
  return {{archive.digest.str(), archive.digest.str(), std::string(spec::kOciLayer), archive.tar_size}, archive.size,
          session.times.created.value_or(WallNanos())};
}

}  // namespace

Result<PackedLayer> PackLayer(Session& session, Layer& layer, const std::string& upper, const struct stat& below) {
  TRY(SetTimes(upper, session.times));
  const bool root_changed = TRY(IsRootChanged(upper, below));
  sys::Fd tree = TRY(sys::Open(upper, kReadDir));
  Archive archive = TRY(WriteArchive(session, std::move(tree), true, root_changed));
  Mark("layer packed");
  if (!archive.as_overlay) {
    TRY(Unpack(session, archive, true));
    return Describe(session, archive);
  }
  const std::unique_lock lock(session.paths);
  TRY(session.store.AdoptLayer(upper, {archive.digest, archive.tar_size, archive.size, root_changed}));
  Mark("layer kept");
  if (!sys::Exists(upper)) layer.MoveTo(session.store.LayerDiffPath(archive.digest));
  return Describe(session, archive);
}

Result<PackedLayer> PackWhole(Session& session, const Filesystem& fs) {
  const WorkFolder folder = TRY(WorkFolder::Make(session.store));
  std::shared_lock lock(session.paths);
  const MountedOverlay view = TRY(MountedOverlay::View(folder, fs.Folders()));
  lock.unlock();
  sys::Fd tree = TRY(sys::Open(folder.Merged(), kReadDir));
  const Archive archive = TRY(WriteArchive(session, std::move(tree), false, true));
  TRY(Unpack(session, archive, false));
  return Describe(session, archive);
}

}  // namespace ctool::builder
