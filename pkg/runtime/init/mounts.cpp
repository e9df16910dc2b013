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

std::string ProcPath(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// "UID:GID:MODE" of a file of ours, before anybody sees it. Where our ids are not its owner's it may stay root's alone.
Status SetOwner(Context& c, int fd, const std::string& owner, const std::string& what) {
  const std::vector<std::string> parts = Split(owner, ':');
  if (parts.size() != 3) return Error(Code::kInvalidArgument, "invalid owner '" + owner + "'");
  const auto number = [&](size_t i) { return static_cast<uint32_t>(ParseUint(parts[i]).value_or(0)); };
  const bool excused = HasForeignIds(c) && number(0) == 0 && number(1) == 0;
  if (::chmod(ProcPath(fd).c_str(), number(2)) < 0 && !excused) return Error::Sys(errno, "chmod", what);
  if (::fchownat(fd, "", number(0), number(1), AT_EMPTY_PATH) < 0 && !excused)
    return Error::Sys(errno, "chown to " + parts[0] + ":" + parts[1], what);
  return Ok();
}

// What the source's name meant when it was looked up, once: whoever exchanges it afterwards changes nothing. A path below it
// may lead through links that a container has made, and stays below it.
Result<sys::Fd> OpenSource(const MountPlan& mount) {
  sys::Fd source = TRY(sys::Open(mount.source, O_PATH));
  if (mount.subpath.empty()) return source;
  const sys::Root below(std::move(source));
  Result<sys::Fd> part = below.Open(mount.subpath, O_PATH);
  if (!part.ok()) return std::move(part).error().Wrap("subpath '" + mount.subpath + "'");
  return part;
}

bool NeedsSource(const MountPlan& mount) {
  return mount.kind == MountPlan::Kind::kBind && (!mount.subpath.empty() || !mount.chown.empty() || !mount.owner.empty());
}

// A plan's names, looked up; nothing for most.
Result<MountSources> OpenSources(const MountPlan& mount) {
  MountSources found;
  found.found = true;
  if (!mount.mark.empty()) found.mark = TRY(sys::Open(mount.mark.substr(0, mount.mark.rfind('/')), O_PATH | O_DIRECTORY));
  if (NeedsSource(mount)) found.source = TRY(OpenSource(mount));
  for (const std::string& folder : mount.lower) found.lower.push_back(TRY(sys::Open(folder, O_PATH | O_DIRECTORY)));
  if (mount.lower.empty()) return found;
  for (const auto& [key, value] : mount.data) {
    if (key == "upperdir") found.upper = TRY(sys::Open(value, O_PATH | O_DIRECTORY));
    if (key == "workdir") found.work = TRY(sys::Open(value, O_PATH | O_DIRECTORY));
  }
  return found;
}

Result<sys::DetachedMount> BindSource(const MountPlan& mount) {
  return sys::DetachedMount::Clone(AT_FDCWD, mount.source, mount.recursive);
}

// Of mounts whose files change hands, and of parts: the descriptor is the one that is mounted.
Result<sys::DetachedMount> BindOpened(Context& c, const MountPlan& mount, MountSources& from) {
  const struct stat st = TRY(sys::StatFd(from.source.get(), mount.source));
  if (!mount.owner.empty()) TRY(SetOwner(c, from.source.get(), mount.owner, mount.destination));
  const std::string found = std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino);
  // The engine has looked at what this is: the store or a home is not given away.
  if (!mount.chown.empty() && mount.chown != found && mount.subpath.empty())
    return Error(Code::kBusy, "'" + mount.source + "' was replaced while the container was made");
  sys::DetachedMount tree = TRY(sys::DetachedMount::Clone(from.source.get(), "", mount.recursive));
  if (!mount.chown.empty()) c.chowned.emplace_back(mount.destination, std::move(from.source));
  return tree;
}

// The folder that is written to is fresh, and its attributes are those that are seen.
Status TakeAttributes(const MountPlan& mount, int lower, int upper) {
  const struct stat st = TRY(sys::StatFd(lower, mount.destination));
  if (::fchownat(upper, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 && errno != EPERM && errno != EINVAL)
    return Error::Sys(errno, "chown", mount.destination);
  if (::chmod(ProcPath(upper).c_str(), st.st_mode & 07777) < 0) return Error::Sys(errno, "chmod", mount.destination);
  return Ok();
}

// An overlay's folders by descriptors: their names have been looked up once, and may hold any character.
sys::DetachedMount::Options OverlayOptions(const MountPlan& mount, const MountSources& from, bool each) {
  sys::DetachedMount::Options options;
  std::string all;
  for (const sys::Fd& fd : from.lower) {
    if (each) options.emplace_back("lowerdir+", ProcPath(fd.get()));
    else all += (all.empty() ? "" : ":") + ProcPath(fd.get());
  }
  if (!each) options.emplace_back("lowerdir", all);
  for (const auto& [key, value] : mount.data)
    options.emplace_back(key, key == "upperdir" ? ProcPath(from.upper.get()) : key == "workdir" ? ProcPath(from.work.get()) : value);
  return options;
}

// Several folders as one (an image), or one that stays as it is (`:O`).
Result<sys::DetachedMount> Overlay(Context& c, const MountPlan& mount, MountSources& from) {
  if (HasForeignIds(c) && from.lower.size() > 1)
    return Error(Code::kUnsupported, "an image can't be mounted where ids are mapped in another way than in the store");
  const bool part_below = !mount.subpath.empty() && from.lower.size() == 1;
  if (part_below) {
    const sys::Root below(std::move(from.lower[0]));
    from.lower[0] = TRY_CTX("subpath '" + mount.subpath + "'", below.Open(mount.subpath, O_PATH | O_DIRECTORY));
  }
  if (mount.own_directory) TRY(TakeAttributes(mount, from.lower.front().get(), from.upper.get()));
  Result<sys::DetachedMount> tree = sys::DetachedMount::New("overlay", "overlay", OverlayOptions(mount, from, false), mount.attributes);
  // One string has room for few.
  if (!tree.ok() && from.lower.size() > 1)
    tree = sys::DetachedMount::New("overlay", "overlay", OverlayOptions(mount, from, true), mount.attributes);
  if (!tree.ok() || mount.subpath.empty() || part_below) return tree;
  const sys::Root merged(TRY(sys::OpenAt(tree->fd(), ".", O_PATH | O_DIRECTORY)));
  const sys::Fd part = TRY_CTX("subpath '" + mount.subpath + "'", merged.Open(mount.subpath, O_PATH));
  return sys::DetachedMount::Clone(part.get(), "", false);
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
  Result<sys::DetachedMount> bound = sys::DetachedMount::Clone(AT_FDCWD, host, true);
  // Sandboxes without it (bubblewrap's): an empty one. Nothing in a container can do without /proc.
  if (!bound.ok() && bound.error().sys_errno() == ENOENT && mount.type != "proc")
    return sys::DetachedMount::New("tmpfs", "tmpfs", {{"size", "4k"}, {"mode", "555"}}, mount.attributes | MOUNT_ATTR_RDONLY);
  if (!bound.ok()) return bound;
  TRY(bound->SetAttributes(mount.attributes, MS_SLAVE, true));
  return bound;
}

bool IsEmptyDirectory(int dirfd) {
  const Result<std::vector<std::string>> names = sys::ListDir(dirfd, "mount");
  return names.ok() && names->empty();
}

// A new volume or tmpfs takes over what the image has at its place: contents, owner and mode.
Status CopyUp(const MountPlan& mount, const sys::Fd& mark, const sys::DetachedMount& tree, int target) {
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
    if (!mode_given && ::fchmod(to.get(), st.st_mode & 07777) < 0 && errno != EPERM)
      return Error::Sys(errno, "chmod", mount.destination);
  }
  if (!mount.copy_up || IsEmptyDirectory(from->get())) return Ok();
  // Said before it begins: one that is cut short is not mixed with what somebody puts there later.
  if (mark) {
    const std::string name = mount.mark.substr(mount.mark.rfind('/') + 1);
    const Result<sys::Fd> made = sys::OpenAt(mark.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!made.ok() && made.error().sys_errno() == EEXIST) return Ok();
    // Who is nobody in that folder (--userns=nomap) can't say it.
    if (!made.ok() && made.error().sys_errno() != EACCES) return made.error();
  }
  return CopyTree(from->get(), to.get(), mount.destination);
}

Result<sys::DetachedMount> MakeTree(Context& c, const MountPlan& mount, MountSources& from) {
  if (mount.joined && c.shm) return sys::DetachedMount(std::move(c.shm));
  if (mount.kind == MountPlan::Kind::kOverlay) return Overlay(c, mount, from);
  if (mount.kind != MountPlan::Kind::kBind) return NewOrHosts(mount);
  return from.source ? BindOpened(c, mount, from) : BindSource(mount);
}

Status Protect(const MountPlan& mount, sys::DetachedMount& tree) {
  const bool whole = mount.propagation == 0 || mount.recursive_propagation == mount.recursive;
  const uint64_t propagation = mount.propagation != 0 ? mount.propagation : uint64_t{MS_PRIVATE};
  TRY(tree.SetAttributes(mount.attributes, whole ? propagation : uint64_t{MS_PRIVATE}, mount.recursive));
  return whole ? Ok() : tree.SetAttributes(0, propagation, mount.recursive_propagation);
}

Status MountOne(Context& c, const MountPlan& mount, MountSources& from, std::optional<sys::DetachedMount>& prepared) {
  const sys::Root& root = *c.root;
  if (mount.type == "proc" || mount.type == "sysfs" || mount.destination == "/dev")
    TRY(RequireRealDirectory(root, mount.destination));
  else if (Below(mount.destination, "/proc") &&
           std::find(kProcFiles.begin(), kProcFiles.end(), mount.destination) == kProcFiles.end())
    return Error(Code::kNotExecutable, "the mount at '" + mount.destination + "' is inside /proc");
  if (!from.found) from = TRY(OpenSources(mount));
  sys::DetachedMount tree = prepared ? std::move(*prepared) : TRY(MakeTree(c, mount, from));
  const struct stat st = TRY(sys::StatFd(tree.fd(), mount.source));
  const sys::Fd target = TRY(MountPoint(root, mount.destination, S_ISDIR(st.st_mode)));
  if (Below(mount.destination, "/proc")) {
    // A name below /proc is fine only when it is procfs that is covered.
    struct statfs fs {};
    const bool proc_itself = mount.destination == "/proc";
    if (!proc_itself && (::fstatfs(target.get(), &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
      return Error(Code::kNotExecutable, "'" + mount.destination + "' is not in procfs");
  }
  const bool filled = mount.kind != MountPlan::Kind::kOverlay;
  if (filled && (mount.copy_up || mount.own_directory)) TRY(CopyUp(mount, from.mark, tree, target.get()));
  if (mount.kind == MountPlan::Kind::kBind) TRY(Protect(mount, tree));
  // A file system of its own is the user's as soon as it is known who that is.
  if (mount.kind != MountPlan::Kind::kBind && !mount.chown.empty())
    c.chowned.emplace_back(mount.destination, TRY(sys::OpenAt(tree.fd(), ".", O_PATH | O_DIRECTORY)));
  return tree.Attach(target.get());
}

}  // namespace

Status PrepareMounts(Context& c) {
  c.trees.resize(c.plan.mounts.size());
  c.sources.resize(c.plan.mounts.size());
  for (size_t i = 0; i < c.trees.size(); ++i) {
    const MountPlan& mount = c.plan.mounts[i];
    if (mount.destination == "/") continue;
    // While our ids are still those by which the caller may look them up; what belongs to subordinate ids is left for later.
    if (Result<MountSources> found = OpenSources(mount); found.ok()) c.sources[i] = std::move(*found);
    if (!c.sources[i].found) continue;
    if (mount.type == "cgroup2" && c.awaits_group) continue;
    const bool owns_files = mount.type == "devpts" || mount.type == "overlay";
    if (owns_files || mount.joined || c.sources[i].source) continue;
    // So do these, and our id is not yet the one that the container has for 0.
    if (HasForeignIds(c) && (mount.type == "tmpfs" || mount.type == "ramfs" || mount.type == "mqueue")) continue;
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
    if (mount.type == "cgroup2") TRY(EnterGroup(c));
    Status mounted = MountOne(c, mount, c.sources[i], c.trees[i]);
    if (mounted.ok()) continue;
    Error error = std::move(mounted).error().Wrap("mount " + mount.type + " at '" + mount.destination + "'");
    if (!mount.optional) return error;
    Debug(error.Message());
  }
  c.trees.clear();
  c.sources.clear();
  return Ok();
}

}  // namespace ctool::runtime::init
