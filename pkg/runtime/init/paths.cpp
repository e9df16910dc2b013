// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/log.hpp"
#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace ctool::runtime::init {
namespace {

// Only what is missing may be passed over: any other failure would leave the path open.
Result<std::optional<sys::Fd>> OpenIfThere(const sys::Root& root, const std::string& path) {
  Result<sys::Fd> handle = root.Open(path, O_PATH);
  if (handle.ok()) return std::optional<sys::Fd>(std::move(handle).value());
  const int err = handle.error().sys_errno();
  if (err == ENOENT || err == ENOTDIR) return std::optional<sys::Fd>();
  return std::move(handle).error();
}

// A file is covered by the host's /dev/null (checked in MountRootfs), a directory by one empty
// read-only tmpfs that all of them share.
Status Mask(Context& c, const std::string& path, std::optional<sys::DetachedMount>& empty) {
  const std::optional<sys::Fd> target = TRY(OpenIfThere(*c.root, path));
  if (!target) return Ok();
  const struct stat st = TRY(sys::StatFd(target->get(), path));
  if (!S_ISDIR(st.st_mode)) {
    sys::DetachedMount null = TRY(sys::DetachedMount::Clone(c.null.get(), "", false));
    TRY(null.SetAttributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MS_PRIVATE, false));
    return null.Attach(target->get());
  }
  constexpr uint64_t kFlags =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (!empty) {
    empty = TRY(sys::DetachedMount::New("tmpfs", "tmpfs", {{"size", "4k"}, {"nr_inodes", "1"}, {"mode", "555"}}, kFlags));
    return empty->Attach(target->get());
  }
  // The first one is attached by now; later ones are clones of it.
  sys::DetachedMount copy = TRY(sys::DetachedMount::Clone(empty->fd(), "", false));
  return copy.Attach(target->get());
}

Status MakeReadonly(Context& c, const std::string& path) {
  const std::optional<sys::Fd> target = TRY(OpenIfThere(*c.root, path));
  if (!target) return Ok();
  sys::DetachedMount copy = TRY(sys::DetachedMount::Clone(target->get(), "", true));
  TRY(copy.SetAttributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                         MS_PRIVATE, true));
  return copy.Attach(target->get());
}

}  // namespace

Status ProtectPaths(Context& c) {
  std::optional<sys::DetachedMount> empty;
  for (const std::string& path : c.plan.spec.readonly_paths)
    TRY_CTX("make '" + path + "' read-only", MakeReadonly(c, path));
  for (const std::string& path : c.plan.spec.masked_paths)
    TRY_CTX("mask '" + path + "'", Mask(c, path, empty));
  return Ok();
}

Status WriteSysctls(Context& c) {
  if (c.plan.spec.sysctl.empty()) return Ok();
  // A procfs of our own that nothing can be mounted over, with sys in it.
  Result<sys::DetachedMount> proc = sys::DetachedMount::New("proc", "proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  sys::Fd fallback;
  if (!proc.ok()) fallback = TRY(sys::Open("/proc", O_PATH | O_DIRECTORY));
  const int dir = proc.ok() ? proc->fd() : fallback.get();
  for (const auto& setting : c.plan.spec.sysctl) {
    const std::string& key = setting.first;
    std::string path = "sys/" + key;
    std::replace(path.begin() + 4, path.end(), '.', '/');
    const auto write = [&]() -> Status {
      const sys::Fd fd = TRY(sys::Openat2(dir, path, O_WRONLY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
      return sys::WriteAll(fd.get(), setting.second, path);
    };
    Status written = write();
    if (written.ok()) continue;
    // The default is a convenience; what the user asked for is not.
    if (key != "net.ipv4.ping_group_range") return std::move(written).error().Wrap("sysctl " + key);
    Debug("sysctl " + key + ": " + written.error().Message());
  }
  return Ok();
}

Status ReadonlyRoot(Context& c) {
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  for (const MountPlan& mount : c.plan.mounts) {
    if (!mount.readonly_later) continue;
    const sys::Fd there = TRY(c.root->Open(mount.destination, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    if (::mount_setattr(there.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
      return Error::Sys(errno, "make read-only", mount.destination);
  }
  if (!c.plan.spec.root_readonly) return Ok();
  if (::mount_setattr(c.root->fd(), "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
    return Error::Sys(errno, "make the root file system read-only");
  return Ok();
}

}  // namespace ctool::runtime::init
