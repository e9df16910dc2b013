// SPDX-License-Identifier: Apache-2.0
#include "engine/layer_stack.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "sys/file.hpp"

namespace ctool::engine {

bool IsOpaque(int dir) {
  char value = 0;
  return ::fgetxattr(dir, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

namespace {

constexpr uint64_t kPlain = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

bool IsWhiteout(const struct stat& st) { return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0); }

bool IsOpaqueAt(int layer, const std::string& path) {
  const Result<sys::Fd> dir = sys::Openat2(layer, path, O_RDONLY | O_DIRECTORY, 0, kPlain);
  return dir.ok() && IsOpaque(dir->get());
}

// Below a link, a file or a path that is too long for any image there is nothing.
bool IsNothing(const Error& error) {
  const int err = error.sys_errno();
  return err == ENOENT || err == ENOTDIR || err == ELOOP || err == ENAMETOOLONG;
}

}  // namespace

Result<LayerStack> LayerStack::Open(const std::vector<std::string>& folders) {
  LayerStack stack;
  for (const std::string& folder : folders) stack.layers_.push_back(TRY(sys::Root::Open(folder)));
  return stack;
}

LayerStack::Merged LayerStack::All() const {
  Merged all(layers_.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

Result<LayerStack::Found> LayerStack::Find(const Merged& parent, const std::string& path) const {
  Found found;
  for (const size_t i : parent) {
    const Result<sys::Fd> fd = sys::Openat2(layers_[i].fd(), path, O_PATH | O_NOFOLLOW, 0, kPlain);
    if (!fd.ok() && IsNothing(fd.error())) continue;
    if (!fd.ok()) return fd.error();
    const struct stat st = TRY(sys::StatFd(fd->get(), path));
    if (IsWhiteout(st) || (found.exists && !S_ISDIR(st.st_mode))) break;
    if (!found.exists) {
      found.exists = true;
      found.st = st;
      found.layer = i;
    }
    if (!S_ISDIR(st.st_mode)) break;
    found.below.push_back(i);
    if (IsOpaqueAt(layers_[i].fd(), path)) break;
  }
  return found;
}

Result<std::set<std::string>> LayerStack::Names(const Merged& merged, const std::string& path) const {
  std::set<std::string> names, gone;
  for (const size_t i : merged) {
    const sys::Fd dir = TRY(sys::Openat2(layers_[i].fd(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY, 0, kPlain));
    for (std::string& name : TRY(sys::ListDir(dir.get(), path))) {
      struct stat st {};
      if (names.count(name) > 0 || gone.count(name) > 0) continue;
      if (::fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
      (IsWhiteout(st) ? gone : names).insert(std::move(name));
    }
  }
  return names;
}

}  // namespace ctool::engine
