// SPDX-License-Identifier: Apache-2.0
#include "builder/overlay.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include "base/log.hpp"
#include "engine/rootfs_view.hpp"
#include "sys/file.hpp"

namespace ctool::builder {

Result<MountedOverlay> MountedOverlay::Mount(const WorkFolder& folder, const std::vector<std::string>& folders, bool writable) {
  const std::string target = folder.Merged();
  TRY(sys::MakeDirs(target, 0700));
  engine::RootfsWanted wanted;
  wanted.spec.layers = folders;
  // Nothing of a build is wanted after a crash, until its layers are made durable at the end, all at once: no sync for each.
  wanted.spec.auto_remove = true;
  wanted.with_mounts = false;
  wanted.writable = writable;
  const engine::ContainerFiles files(folder.path(), "");
  TRY(sys::MakeDirs(files.Upper(), 0755));
  if (writable) TRY(sys::MakeDirs(files.Work(), 0700));
  engine::MountedRootfs mounted = TRY(engine::MountRootfs(wanted, files, "", target));
  sys::Root root = TRY(sys::Root::Open(target));
  return MountedOverlay(target, std::move(root), std::move(mounted.fuse));
}

Result<MountedOverlay> MountedOverlay::View(const WorkFolder& folder, const std::vector<std::string>& folders) {
  return Mount(folder, folders, false);
}

Result<MountedOverlay> MountedOverlay::Writable(const WorkFolder& folder, const std::vector<std::string>& folders) {
  if (!sys::Exists(folder.Upper())) {
    TRY(sys::MakeDirs(folder.Upper(), 0755));
    // Its own attributes are those of "/".
    struct stat st {};
    if (::stat(folders.front().c_str(), &st) < 0) return Error::Sys(errno, "stat", folders.front());
    if (::chown(folder.Upper().c_str(), st.st_uid, st.st_gid) < 0 || ::chmod(folder.Upper().c_str(), st.st_mode & 07777) < 0)
      return Error::Sys(errno, "set the attributes of", folder.Upper());
  }
  return Mount(folder, folders, true);
}

MountedOverlay::~MountedOverlay() {
  if (target_.empty()) return;
  root_ = sys::Root(sys::Fd());
  if (::umount2(target_.c_str(), MNT_DETACH) < 0) Debug(Error::Sys(errno, "unmount", target_).Message());
}

}  // namespace ctool::builder
