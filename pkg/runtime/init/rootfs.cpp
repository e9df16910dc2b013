// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/warn_once.hpp"

namespace ctool::runtime::init {
namespace {

// Kernels before 6.8 have no "lowerdir+": one string of all layers, which fsconfig limits to 256
// bytes and mount(2) to a page.
Status MountOverlayByString(const MountPlan& mount, const std::string& target) {
  std::string lower, rest;
  for (const auto& [key, value] : mount.data) {
    if (key == "lowerdir+")
      lower += (lower.empty() ? "" : ":") + value;
    else
      rest += "," + key + (value.empty() ? "" : "=" + value);
  }
  const std::string options = "lowerdir=" + lower + rest;
  if (::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) < 0)
    return Error::Sys(errno, "mount overlay on", target);
  return Ok();
}

Status MountOverlay(const MountPlan& mount, const std::string& target) {
  for (const auto& [key, value] : mount.data)
    if (key == "upperdir" && !sys::KeepsUserAttributes(value))
      return Error(Code::kUnsupported, "'" + value + "' is on a file system without extended attributes");
  Result<sys::DetachedMount> overlay =
      sys::DetachedMount::New("overlay", "overlay", mount.data, mount.attributes);
  if (overlay.ok()) return overlay->AttachAt(target);
  const Error& e = overlay.error();
  if (e.sys_errno() == EINVAL && e.text().find("lowerdir+") != std::string::npos)
    return MountOverlayByString(mount, target);
  return std::move(overlay).error();
}

// The folder that holds all of them, in whatever depth.
std::string CommonFolder(const std::vector<std::string>& paths) {
  const auto parent = [](const std::string& path) { return path.substr(0, path.rfind('/')); };
  std::string folder = paths.empty() ? "" : parent(paths[0]);
  for (const std::string& path : paths)
    while (!StartsWith(path, folder + "/")) folder = parent(folder);
  return folder;
}

// The layers go by their names in the folder that they share. That keeps a frame (64 KiB) and one argument of
// execve(2) (128 KiB) large enough for as many layers as an image may have (500, of 70 bytes each), wherever the
// store is.
Result<std::string> FuseRequest(const MountPlan& mount, const std::string& target) {
  std::vector<std::string> layers;
  std::string upper, work, lower;
  for (const auto& [key, value] : mount.data) {
    if (key == "lowerdir+") layers.push_back(value);
    if (key == "upperdir") upper = value;
    if (key == "workdir") work = value;
  }
  const std::string folder = CommonFolder(layers);
  for (const std::string& layer : layers) lower += (lower.empty() ? "" : ":") + layer.substr(folder.size() + 1);
  std::string options = "lowerdir=" + lower;
  if (!upper.empty()) options += ",upperdir=" + upper + ",workdir=" + work;
  std::string request = folder + "/" + '\0' + options + '\0' + target;
  if (request.size() > kMaxPayload) return Error(Code::kUnsupported, "the paths of the image's layers are too long for fuse-overlayfs");
  return request;
}

// The monitor runs fuse-overlayfs in our namespaces: a program of the host's, outside of the
// container's pid namespace.
Status MountFuse(Context& c, const MountPlan& mount, const std::string& target) {
  const std::string request = TRY(FuseRequest(mount, target));
  // Shared, so that what is mounted there in the daemon's namespace appears in ours.
  if (::mount(target.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) < 0 ||
      ::mount(nullptr, target.c_str(), nullptr, MS_SHARED, nullptr) < 0)
    return Error::Sys(errno, "make a shared mount point of", target);
  const sys::Fd point = TRY(sys::Open(target, O_PATH | O_DIRECTORY));
  TRY(EnterGroup(c));  // or its frame would come in place of the answer
  TRY(c.sync.Send(Msg::kWantFuse, Stage::kRootfs, request));
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kFuseDone)
    return Error(Code::kUnsupported, "fuse-overlayfs did not start");
  // The point and what is on it now: pivot_root takes no shared mounts.
  mount_attr attr{};
  attr.propagation = MS_PRIVATE;
  if (::mount_setattr(point.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0)
    return Error::Sys(errno, "make private", target);
  return Ok();
}

// The files' ids on disk are those of the user's default map. fuse-overlayfs, in a user namespace with that map, tells the
// kernel each as its number there, and for the kernel the numbers are those of the user namespace in which this file
// system is mounted: ours. So every file has the number that the image gave it, in whatever map.
Status MountTranslated(Context& c, const MountPlan& mount) {
  const sys::Fd device = TRY(sys::Open("/dev/fuse", O_RDWR));
  sys::DetachedMount tree = TRY(sys::DetachedMount::New("fuse", "fuse-overlayfs",
                                                        {{"fd", std::to_string(device.get())},
                                                         {"rootmode", "40000"},
                                                         {"user_id", "0"},
                                                         {"group_id", "0"},
                                                         {"allow_other", ""},
                                                         {"default_permissions", ""}},
                                                        mount.attributes | MOUNT_ATTR_NODEV));
  const std::string request = TRY(FuseRequest(mount, ""));
  TRY(EnterGroup(c));
  TRY(c.sync.Send(Msg::kWantFuse, Stage::kRootfs, request, device.get()));
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kFuseDone)
    return Error(Code::kUnsupported, "fuse-overlayfs did not start");
  TRY(tree.Attach(c.merged.get()));
  c.root = sys::Root(std::move(tree).Release());
  return Ok();
}

Status MountOverlayAnyWay(Context& c, const MountPlan& mount, const std::string& target) {
  if (c.plan.spec.Annotation(kOverlayAnnotation) == "fuse") return MountFuse(c, mount, target);
  Status native = MountOverlay(mount, target);
  if (native.ok()) return native;
  sys::WarnOnce(c.plan.spec.Annotation(kRunRootAnnotation), "overlay", "the kernel's overlay does not work here (" + native.error().Message() +
       "); using fuse-overlayfs, which is slower");
  Status fuse = MountFuse(c, mount, target);
  if (!fuse.ok()) return std::move(fuse).error().Wrap(native.error().Message());
  return fuse;
}

// None when the root is a folder of the host's.
const MountPlan* RootOverlay(const Context& c) {
  return !c.plan.mounts.empty() && c.plan.mounts[0].destination == "/" ? c.plan.mounts.data() : nullptr;
}

}  // namespace

Status LeaveHostMounts(Context& c) {
  TRY(sys::MakeMountsSlave());
  c.null = TRY(sys::Open("/dev/null", O_RDWR));
  const struct stat null = TRY(sys::StatFd(c.null.get(), "/dev/null"));
  if (!S_ISCHR(null.st_mode) || null.st_rdev != makedev(1, 3))
    return Error(Code::kCorrupt, "/dev/null of the host is not the null device");
  return Ok();
}

Status PrepareRootfs(Context& c) {
  if (!HasForeignIds(c)) return Ok();
  const std::string& target = c.plan.spec.root_path;
  c.merged = TRY(sys::Open(target, O_PATH | O_DIRECTORY));
  if (!RootOverlay(c)) c.folder = TRY(sys::DetachedMount::Clone(AT_FDCWD, target, true));
  for (const auto& [annotation, into] : {std::pair{kPasswdAnnotation, &c.passwd}, {kGroupAnnotation, &c.group}})
    if (const std::string file = c.plan.spec.Annotation(annotation); !file.empty()) {
      // That of an earlier start may belong to somebody else.
      if (::unlink(file.c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "remove", file);
      *into = TRY(sys::Open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
    }
  return Ok();
}

Status MountRootfs(Context& c) {
  const std::string& target = c.plan.spec.root_path;
  const MountPlan* overlay = RootOverlay(c);
  if (HasForeignIds(c) && overlay) return MountTranslated(c, *overlay);
  if (overlay) {
    TRY(MountOverlayAnyWay(c, *overlay, target));
  } else {
    // pivot_root needs a mount point.
    sys::DetachedMount tree = c.folder ? *std::move(c.folder) : TRY(sys::DetachedMount::Clone(AT_FDCWD, target, true));
    TRY(tree.SetAttributes(0, MS_PRIVATE, true));
    if (c.merged) {
      TRY(tree.Attach(c.merged.get()));
      c.root = sys::Root(std::move(tree).Release());
      return Ok();
    }
    TRY(tree.AttachAt(target));
  }
  // The path is ours and was mounted on just now; from here on the root is this descriptor.
  c.root = TRY(sys::Root::Open(target));
  return Ok();
}

}  // namespace ctool::runtime::init
