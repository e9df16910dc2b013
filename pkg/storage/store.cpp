// SPDX-License-Identifier: Apache-2.0
#include "storage/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"

namespace ctool::storage {
namespace {

constexpr char kMarkerText[] =
    "This folder is a store of ctool. What is in it is made and deleted by ctool.\n";

// A folder of somebody else must never get the marker, because the marker allows to delete.
Status CheckEmptyOrOurs(int dirfd, const std::string& root) {
  for (const std::string& name : TRY(sys::ListDir(dirfd, root))) {
    if (Store::IsOurs(name)) continue;
    return Error(Code::kInvalidArgument,
                 "'" + root + "' is not a store of ctool: it holds " + Quote(name))
        .Hint("give --root an empty folder, or one that does not exist yet");
  }
  return Ok();
}

}  // namespace

Result<Store> Store::Open(const std::string& graph_root) {
  std::string root = graph_root;
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  if (root.empty() || root.front() != '/' || root == "/")
    return Error(Code::kInvalidArgument, "store path " + Quote(graph_root) + " is not usable")
        .Hint("the store is a folder of its own, given by an absolute path");
  if (sys::Exists(root + "/" + kMarker)) {
    // The marker is written last, so the rest is there.
    const sys::Fd dir = TRY(sys::OpenPrivateDir(root));
    return Store(std::move(root));
  }
  Result<sys::Fd> opened = sys::OpenPrivateDir(root);
  if (!opened.ok() && opened.error().hint().empty())
    return std::move(opened).error().Hint("the store can't be there: set HOME or XDG_DATA_HOME, or give another folder with --root; see: ctool doctor");
  const sys::Fd dir = TRY(std::move(opened));
  TRY(CheckEmptyOrOurs(dir.get(), root));
  for (const char* folder :
       {kBlobs, "blobs/sha256", "blobs/sha512", kLayers, kContainers, kVolumes, kStaging, kTrash})
    TRY(sys::MakeDirs(root + "/" + folder, 0700));
  // Not synced: when a power cut takes it, the next Open makes it again.
  TRY(sys::WriteFileAtomic(root + "/" + kMarker, kMarkerText, 0600, sys::Durability::kNone));
  return Store(std::move(root));
}

// cache: what can be made again, such as compiled filters.
bool Store::IsOurs(const std::string& name) {
  for (const char* folder : {kBlobs, kLayers, kContainers, kVolumes, kStaging, kTrash, "cache", "networks", "secrets"})
    if (name == folder) return true;
  return StartsWith(name, "ctool.db") || StartsWith(name, kMarker) || name == "content.lock";
}

std::string Store::BlobPath(const spec::Digest& digest) const {
  CHECK(!digest.empty());
  return root_ + "/" + kBlobs + "/" + std::string(digest.algorithm()) + "/" +
         std::string(digest.hex());
}

std::string Store::LayerPath(const spec::Digest& diff_id) const {
  CHECK(!diff_id.empty());
  return root_ + "/" + kLayers + "/" + std::string(diff_id.hex());
}

std::string Store::LayerDiffPath(const spec::Digest& diff_id) const {
  return LayerPath(diff_id) + "/diff";
}

std::string Store::ContainerPath(const std::string& id) const {
  return root_ + "/" + kContainers + "/" + id;
}

std::string Store::VolumePath(const std::string& name) const {
  return root_ + "/" + kVolumes + "/" + name + "/_data";
}

Result<sys::FileLock> Store::LockContent(sys::FileLock::Mode mode) const {
  return sys::FileLock::Acquire(root_ + "/content.lock", mode);
}

Result<sys::FileLock> Store::TryLockContent(sys::FileLock::Mode mode) const {
  return sys::FileLock::TryAcquire(root_ + "/content.lock", mode);
}

// Layers need only the syncfs: their rows say "durable". A blob says it with its mode, because
// most blobs' rows are the image's. What becomes visible during the syncfs is left for the next.
Status Store::Sync() const {
  const sys::Fd root = TRY(sys::Open(root_, O_RDONLY | O_DIRECTORY));
  std::vector<std::string> fresh;
  for (const char* algorithm : {"sha256", "sha512"}) {
    const std::string folder = std::string(kBlobs) + "/" + algorithm;
    const sys::Fd dir = TRY(sys::OpenAt(root.get(), folder, O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(sys::ListDir(dir.get(), folder))) {
      struct stat st {};
      if (::fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISREG(st.st_mode) && (st.st_mode & 0777) != kDurableMode)
        fresh.push_back(folder + "/" + name);
    }
  }
  // A seccomp filter may know no syncfs: sync(2) takes longer, and can't fail.
  if (::syncfs(root.get()) < 0) {
    if (errno != ENOSYS && errno != EPERM) return Error::Sys(errno, "syncfs", root_);
    ::sync();
  }
  for (const std::string& name : fresh)
    if (::fchmodat(root.get(), name.c_str(), kDurableMode, 0) < 0 && errno != ENOENT)
      return Error::Sys(errno, "chmod", root_ + "/" + name);
  return Ok();
}

}  // namespace ctool::storage
