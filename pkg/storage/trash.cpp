// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "base/text.hpp"
#include "storage/store.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::storage {
namespace {

constexpr uint64_t kPlain = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

Error NotInStore(const std::string& path) {
  return Error(Code::kInvalidArgument,
               "refusing to delete '" + path + "': not a part of the store");
}

// "layers/abc" for <root>/layers/abc; nothing for what may not be discarded.
std::optional<std::string> PartOfStore(const std::string& root, const std::string& path) {
  if (!StartsWith(path, root + "/")) return std::nullopt;
  const std::string relative = path.substr(root.size() + 1);
  const std::vector<std::string> parts = Split(relative, '/');
  for (const std::string& part : parts)
    if (part.empty() || part == "." || part == "..") return std::nullopt;
  for (const char* folder : {kBlobs, kLayers, kContainers, kVolumes, kStaging})
    if (parts[0] == folder && parts.size() >= (parts[0] == kBlobs ? 3U : 2U)) return relative;
  return std::nullopt;
}

}  // namespace

Status CheckMarker(const std::string& root) {
  const std::string marker = root + "/" + kMarker;
  struct stat st {};
  if (::lstat(marker.c_str(), &st) == 0 && S_ISREG(st.st_mode)) return Ok();
  return Error(Code::kCorrupt, "refusing to delete anything below '" + root + "': it has no file " +
                                   kMarker)
      .Hint("if this is a store of ctool, make that file");
}

Status MoveToTrash(const std::string& root, int dirfd, const std::string& name) {
  const std::string target = root + "/" + kTrash + "/" + RandomHexId().substr(0, 16);
  if (::renameat(dirfd, name.c_str(), AT_FDCWD, target.c_str()) == 0) return Ok();
  if (errno == ENOENT) return Ok();  // gone already
  return Error::Sys(errno, "move to trash", name);
}

Status Store::Discard(const std::string& path) const {
  const std::optional<std::string> relative = PartOfStore(root_, path);
  if (!relative.has_value()) return NotInStore(path);
  TRY(CheckMarker(root_));
  const size_t slash = relative->rfind('/');
  const sys::Fd root = TRY(sys::Open(root_, O_PATH | O_DIRECTORY));
  Result<sys::Fd> parent =
      sys::Openat2(root.get(), relative->substr(0, slash), O_PATH | O_DIRECTORY, 0, kPlain);
  if (!parent.ok() && parent.error().sys_errno() == ENOENT) return Ok();
  if (!parent.ok() && (parent.error().sys_errno() == ELOOP || parent.error().sys_errno() == EXDEV))
    return NotInStore(path);
  if (!parent.ok()) return std::move(parent).error();
  return MoveToTrash(root_, parent->get(), relative->substr(slash + 1));
}

void Store::DiscardDeadStaging() const { RemoveDeadStaging(root_); }

Result<std::vector<std::string>> Store::DeleteAll() const {
  TRY(CheckMarker(root_));
  const sys::Fd root = TRY(sys::Open(root_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  std::vector<std::string> left;
  for (const std::string& name : TRY(sys::ListDir(root.get(), root_))) {
    if (!IsOurs(name)) left.push_back(root_ + "/" + name);
    else if (name != kMarker) TRY(sys::RemoveTree(root.get(), name));
  }
  TRY(sys::RemoveTree(root.get(), kMarker));
  // The folder may be a mount point, or stand where nothing may be deleted: an empty folder is a store that is not there yet.
  if (left.empty()) ::rmdir(root_.c_str());
  return left;
}

// One at a time: a second one has nothing to do, because the first goes on until the trash is
// empty.
Status Store::EmptyTrash() const {
  TRY(CheckMarker(root_));
  const std::string folder = root_ + "/" + kTrash;
  const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (::flock(dir.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno == EWOULDBLOCK) return Ok();
    return Error::Sys(errno, "flock", folder);
  }
  Status first = Ok();
  std::vector<std::string> stuck;
  for (bool again = true; again;) {
    again = false;
    for (const std::string& name : TRY(sys::ListDir(dir.get(), folder))) {
      if (std::find(stuck.begin(), stuck.end(), name) != stuck.end()) continue;
      again = true;
      Status removed = sys::RemoveTree(dir.get(), name);
      if (removed.ok()) continue;
      stuck.push_back(name);
      if (first.ok()) first = std::move(removed).error().Wrap("emptying the trash of the store");
    }
  }
  return first;
}

}  // namespace ctool::storage
