// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace ctool::runtime::init {
namespace {

// Files of procfs that a container may cover (lxcfs does); everything else at or below /proc is
// refused, because the tools' own writes to /proc would land in the cover.
constexpr std::array<std::string_view, 10> kProcFiles = {
    "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat",     "/proc/swaps",
    "/proc/uptime",  "/proc/loadavg",   "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled"};

bool Below(const std::string& path, std::string_view directory) {
  return StartsWith(path, directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// /proc and /sys of an image must be plain directories: a link there would move our mounts.
Status RequireRealDirectory(const sys::Root& root, const std::string& path) {
  Result<sys::Fd> handle = root.Open(path, O_PATH | O_NOFOLLOW);
  if (!handle.ok()) {
    if (handle.error().sys_errno() == ENOENT) return Ok();
    return std::move(handle).error();
  }
  const struct stat st = TRY(sys::StatFd(handle->get(), path));
  if (!S_ISDIR(st.st_mode))
    return Error(Code::kNotExecutable, "'" + path + "' of the image must be a directory");
  return Ok();
}

// The place to mount on, made if it is missing: a directory, or an empty file for a file.
Result<sys::Fd> MountPoint(const sys::Root& root, const std::string& destination, bool directory) {
  Result<sys::Fd> there = root.Open(destination, O_PATH);
  if (there.ok() || there.error().sys_errno() != ENOENT) return there;
  if (directory) return root.MakeDirs(destination, 0755);
  const size_t slash = destination.rfind('/');
  if (slash > 0) static_cast<void>(TRY(root.MakeDirs(destination.substr(0, slash), 0755)));
  const sys::Root::Parent parent = TRY(root.OpenParent(destination));
  const sys::Fd made = TRY(sys::OpenAt(parent.dir.get(), parent.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
  return root.Open(destination, O_PATH);
}

Result<sys::DetachedMount> BindSource(const MountPlan& mount) {
  return TRY(sys::DetachedMount::Clone(AT_FDCWD, mount.source, mount.recursive));
}

// A fresh instance, or the host's own where the kernel refuses a fresh one: inside another
// container (mount_too_revealing), or without a namespace of that kind.
Result<sys::DetachedMount> NewOrHosts(const MountPlan& mount) {
  Result<sys::DetachedMount> fresh =
      sys::DetachedMount::New(mount.type, mount.source.empty() ? mount.type : mount.source, mount.data,
                              mount.attributes);
  if (fresh.ok()) return fresh;
  const bool revealing = mount.type == "sysfs" || mount.type == "proc" || mount.type == "cgroup2";
  if (!revealing || (fresh.error().sys_errno() != EPERM && fresh.error().sys_errno() != EBUSY))
    return fresh;
  const std::string host = mount.type == "sysfs" ? "/sys" : mount.type == "proc" ? "/proc" : "/sys/fs/cgroup";
  Debug("a new " + mount.type + " is refused (" + fresh.error().Message() + "); binding the host's " + host);
  sys::DetachedMount bound = TRY(sys::DetachedMount::Clone(AT_FDCWD, host, true));
  TRY(bound.SetAttributes(mount.attributes, MS_SLAVE, true));
  return bound;
}

bool IsEmptyDirectory(int dirfd) {
  const Result<std::vector<std::string>> names = sys::ListDir(dirfd, "mount");
  return names.ok() && names->empty();
}

// A new volume or tmpfs takes over what the image has at its place: contents, owner and mode.
Status CopyUp(const MountPlan& mount, const sys::DetachedMount& tree, int target) {
  Result<sys::Fd> from = sys::OpenAt(target, ".", O_RDONLY | O_DIRECTORY);
  if (!from.ok()) return Ok();  // a file, or missing: nothing to copy
  const sys::Fd to = TRY(sys::OpenAt(tree.fd(), ".", O_RDONLY | O_DIRECTORY));
  if (!IsEmptyDirectory(to.get())) return Ok();
  const struct stat st = TRY(sys::StatFd(from->get(), mount.destination));
  if (mount.own_directory || mount.type == "tmpfs") {
    if (::fchown(to.get(), st.st_uid, st.st_gid) < 0 && errno != EPERM && errno != EINVAL)
      return Error::Sys(errno, "chown", mount.destination);
    const bool mode_given = std::any_of(mount.data.begin(), mount.data.end(),
                                        [](const auto& option) { return option.first == "mode"; });
    if (!mode_given && ::fchmod(to.get(), st.st_mode & 07777) < 0)
      return Error::Sys(errno, "chmod", mount.destination);
  }
  if (!mount.copy_up) return Ok();
  return CopyTree(from->get(), to.get(), mount.destination);
}

Status MountOne(Context& c, const MountPlan& mount, std::optional<sys::DetachedMount>& prepared) {
  const sys::Root& root = *c.root;
  if (mount.type == "proc" || mount.type == "sysfs" || mount.destination == "/dev")
    TRY(RequireRealDirectory(root, mount.destination));
  else if (Below(mount.destination, "/proc") &&
           std::find(kProcFiles.begin(), kProcFiles.end(), mount.destination) == kProcFiles.end())
    return Error(Code::kNotExecutable, "the mount at '" + mount.destination + "' is inside /proc");
  sys::DetachedMount tree = prepared                               ? std::move(*prepared)
                            : mount.kind == MountPlan::Kind::kBind ? TRY(BindSource(mount))
                                                                   : TRY(NewOrHosts(mount));
  const struct stat st = TRY(sys::StatFd(tree.fd(), mount.source));
  const sys::Fd target = TRY(MountPoint(root, mount.destination, S_ISDIR(st.st_mode)));
  if (Below(mount.destination, "/proc")) {
    // A name below /proc is fine only when it is procfs that is covered.
    struct statfs fs {};
    const bool proc_itself = mount.destination == "/proc";
    if (!proc_itself && (::fstatfs(target.get(), &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
      return Error(Code::kNotExecutable, "'" + mount.destination + "' is not in procfs");
  }
  if (mount.copy_up || mount.own_directory) TRY(CopyUp(mount, tree, target.get()));
  if (mount.kind == MountPlan::Kind::kBind)
    TRY(tree.SetAttributes(mount.attributes,
                           mount.propagation != 0 ? mount.propagation : uint64_t{MS_PRIVATE},
                           mount.recursive));
  return tree.Attach(target.get());
}

}  // namespace

Status PrepareMounts(Context& c) {
  c.trees.resize(c.plan.mounts.size());
  for (size_t i = 0; i < c.trees.size(); ++i) {
    const MountPlan& mount = c.plan.mounts[i];
    if (mount.destination == "/" || mount.type == "devpts") continue;  // they own files
    // So do these, and our id is not yet the one that the container has for 0.
    if (HasForeignIds(c) && (mount.type == "tmpfs" || mount.type == "mqueue")) continue;
    Result<sys::DetachedMount> tree =
        mount.kind == MountPlan::Kind::kBind
            ? BindSource(mount)
            : sys::DetachedMount::New(mount.type, mount.source.empty() ? mount.type : mount.source, mount.data,
                                      mount.attributes);
    if (tree.ok()) c.trees[i] = std::move(tree).value();
  }
  return Ok();
}

Status MountAll(Context& c) {
  for (size_t i = 0; i < c.plan.mounts.size(); ++i) {
    const MountPlan& mount = c.plan.mounts[i];
    if (mount.destination == "/") continue;
    Status mounted = MountOne(c, mount, c.trees[i]);
    if (mounted.ok()) continue;
    Error error = std::move(mounted).error().Wrap("mount " + mount.type + " at '" + mount.destination + "'");
    if (!mount.optional) return error;
    Debug(error.Message());
  }
  c.trees.clear();
  return Ok();
}

}  // namespace ctool::runtime::init
