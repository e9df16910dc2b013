// SPDX-License-Identifier: Apache-2.0
#include "engine/rootfs_view.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "engine/mount_options_internal.hpp"
#include "engine/outcome.hpp"
#include "engine/volumes_internal.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/mount.hpp"
#include "sys/procfs.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kMaxOutcome = 1 << 30;  // the list of a large diff
constexpr int64_t kLockPatience = 5'000'000'000;

// What the parent finds out about a container before the child is made.
struct Source {
  const RootfsWanted* wanted;
  ContainerFiles files;
  std::optional<LiveProcess> live;
  std::optional<sys::FileLock> lock;  // of one that does not run and is going to be written to
  sys::Fd root;                       // of one that runs
};

// A process that ends still has a few things to put away.
Result<sys::FileLock> LockIdle(const ContainerFiles& files, const std::string& name) {
  const int64_t deadline = MonotonicNanos() + kLockPatience;
  for (;;) {
    Result<sys::FileLock> lock = TryLock(files);
    if (lock.ok()) return lock;
    if (lock.error().code() != Code::kBusy || MonotonicNanos() > deadline)
      return std::move(lock).error().Wrap("container " + name + " is being started or removed");
    ::usleep(1000);
  }
}

Result<Source> Inquire(Engine& engine, const RootfsWanted& wanted) {
  Source source{&wanted, TRY(FilesOf(engine, wanted.container.id)), {}, {}, {}};
  source.live = TRY(FindProcess(engine, wanted.container.id));
  if (source.live || !wanted.writable) return source;
  source.lock = TRY(LockIdle(source.files, wanted.container.name));
  // It may have been started, and have started to end, while the lock was waited for.
  source.live = TRY(FindProcess(engine, wanted.container.id));
  return source;
}

// Not to be looked into by processes of a container whose namespaces we are in: they could take our
// descriptors of the host (CVE-2016-9962). A change of credentials sets it anew.
void BecomeUndumpable() { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

Status SendFd(int socket, int fd) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  *reinterpret_cast<int*>(CMSG_DATA(header)) = fd;
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return Error::Sys(errno, "sendmsg");
  return Ok();
}

// The descriptor that was sent; without one the errno that was sent in its place, or 0.
Result<sys::Fd> ReceiveFd(int socket) {
  int err = 0;
  iovec data{&err, sizeof err};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  while (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0)
    if (errno != EINTR) return Error::Sys(errno, "recvmsg");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) return sys::Fd(*reinterpret_cast<const int*>(CMSG_DATA(header)));
  return Error::Sys(err, "join the container's namespaces");
}

// In the namespaces of a container: its root as a descriptor.
[[noreturn]] void SendRoot(int socket, int pidfd, bool with_mounts) {
  BecomeUndumpable();
  int root = -1;
  if (::setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS) == 0) {
    BecomeUndumpable();
    // setns has made the root of that mount namespace ours.
    root = with_mounts ? ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
                       : ::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  }
  const int err = errno;
  if (root < 0) ::_exit(::send(socket, &err, sizeof err, MSG_NOSIGNAL) < 0 ? 2 : 1);
  ::_exit(SendFd(socket, root).ok() ? 0 : 1);
}

Result<sys::Fd> FetchRoot(int pidfd, bool with_mounts) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return Error::Sys(errno, "socketpair");
  const sys::Fd ours(ends[0]);
  sys::Fd theirs(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child()) SendRoot(theirs.get(), pidfd, with_mounts);
  theirs.Reset();
  Result<sys::Fd> root = ReceiveFd(ours.get());
  TRY(child.Wait());
  if (!root.ok() && root.error().sys_errno() == ESRCH)
    return Error(Code::kBusy, "the container has just ended").Hint("try it again");
  return root;
}

// Overlay options as init mounts it; without `writable` the upper folder is one more layer.
sys::DetachedMount::Options OverlayOptions(const RootfsWanted& wanted, const ContainerFiles& files) {
  sys::DetachedMount::Options options;
  if (!wanted.writable) options.emplace_back("lowerdir+", files.Upper());
  for (const std::string& layer : wanted.spec.layers) options.emplace_back("lowerdir+", layer);
  if (wanted.writable) {
    options.emplace_back("upperdir", files.Upper());
    options.emplace_back("workdir", files.Work());
    if (wanted.spec.auto_remove) options.emplace_back("volatile", "");
  }
  options.emplace_back("userxattr", "");
  return options;
}

// fuse-overlayfs in the foreground, so that it goes with us.
Result<sys::Child> MountFuse(const sys::DetachedMount::Options& options, const std::string& target) {
  const std::string program = TRY(sys::FindProgram("fuse-overlayfs", sys::ProgramPath()));
  std::string lower, rest;
  for (const auto& [key, value] : options) {
    if (key == "lowerdir+") lower += (lower.empty() ? "" : ":") + value;
    else if (!value.empty()) rest += "," + key + "=" + value;
  }
  const struct stat before = TRY(sys::StatFd(TRY(sys::Open(target, O_PATH)).get(), target));
  sys::SpawnOptions spawn;
  spawn.argv = {program, "-f", "-o", "lowerdir=" + lower + rest, target};
  spawn.env = {"PATH=/usr/bin:/bin"};
  sys::Child daemon = TRY(sys::Spawn(spawn));
  constexpr int kTries = 2000;
  for (int i = 0; i < kTries && sys::IsRunning(daemon.pidfd()); ++i) {
    const Result<sys::Fd> now = sys::Open(target, O_PATH);
    const Result<struct stat> st = now.ok() ? sys::StatFd(now->get(), target) : now.error();
    if (st.ok() && st->st_dev != before.st_dev) return daemon;
    ::usleep(1000);
  }
  return Error(Code::kUnsupported, "fuse-overlayfs did not start").Hint("it needs /dev/fuse, readable and writable for you (mode 0666); see: ctool doctor");
}

bool IsForced(const char* mode) {
  const char* forced = std::getenv("CTOOL_OVERLAY");
  return forced != nullptr && std::string_view(forced) == mode;
}

Status MountRoot(const RootfsWanted& wanted, const ContainerFiles& files, const std::string& target, MountedRootfs& mounted) {
  if (sys::Exists(files.Rootfs())) {
    sys::DetachedMount tree = TRY(sys::DetachedMount::Clone(AT_FDCWD, files.Rootfs(), false));
    return tree.AttachAt(target);
  }
  const sys::DetachedMount::Options options = OverlayOptions(wanted, files);
  Status native = IsForced("fuse") ? Status(Error(Code::kUnsupported, "not tried")) : MountOverlay(options, target);
  if (native.ok()) return native;
  Result<sys::Child> fuse = MountFuse(options, target);
  if (!fuse.ok()) return std::move(native).error().Wrap("no overlay file system works here (" + fuse.error().Message() + ")");
  mounted.fuse.emplace(std::move(fuse).value());
  return Ok();
}

// Nothing for what is in memory, or an image.
std::optional<std::string> SourceOf(const ContainerMount& m, const std::string& volumes) {
  if (m.type == "bind") return m.source;
  if (m.type != "volume") return std::nullopt;
  const Result<VolumeSource> source = ParseVolumeSource(m.volume_options);
  if (!source.ok() || source->kind == VolumeSource::Kind::kTmpfs) return std::nullopt;
  return source->kind == VolumeSource::Kind::kBind ? source->device : volumes + "/" + m.name + "/_data";
}

Result<sys::DetachedMount> TreeOf(const ContainerMount& m, const std::string& source) {
  if (m.subpath.empty()) return sys::DetachedMount::Clone(AT_FDCWD, source, true);
  const sys::Root whole = TRY(sys::Root::Open(source));
  const sys::Fd part = TRY(whole.Open(m.subpath, O_PATH));
  return sys::DetachedMount::Clone(part.get(), "", true);
}

// Volumes and binds, where they would be if the container ran. What a tmpfs would hide is written to the layer below: it is
// copied into the tmpfs at the start.
Status MountVolumes(const RootfsWanted& wanted, const std::string& volumes, const sys::Root& root) {
  for (const ContainerMount& m : wanted.spec.mounts) {
    const std::optional<std::string> found = SourceOf(m, volumes);
    if (!found) continue;
    const std::string& source = *found;
    Result<sys::DetachedMount> tree = TreeOf(m, source);
    if (!tree.ok()) return std::move(tree).error().Wrap("the mount at '" + m.destination + "'");
    const struct stat st = TRY(sys::StatFd(tree->fd(), source));
    Result<sys::Fd> point = root.Open(m.destination, O_PATH);
    if (!point.ok() && wanted.writable && point.error().sys_errno() == ENOENT && S_ISDIR(st.st_mode))
      point = root.MakeDirs(m.destination, 0755);
    if (!point.ok()) continue;  // it is made at the start; there is nothing below it
    // What is written to an overlay is for the time that the container runs.
    const bool read_only = HasOption(m, "ro") || HasOption(m, "O");
    TRY(tree->SetAttributes(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (read_only ? MOUNT_ATTR_RDONLY : 0), MS_PRIVATE, true));
    TRY(tree->Attach(point->get()));
  }
  return Ok();
}

// The child: every root is there, and the work is done.
Result<std::string> Inside(std::vector<Source>& sources, const std::string& volumes, const RootfsWork& work) {
  std::vector<sys::Root> roots;
  std::vector<MountedRootfs> mounted;
  for (Source& source : sources) {
    if (source.live) {
      roots.emplace_back(std::move(source.root));
      continue;
    }
    // Its own folder is the mount point: it is there, and nobody else sees what is done here.
    mounted.push_back(TRY(MountRootfs(*source.wanted, source.files, volumes, source.files.folder)));
    roots.push_back(TRY(sys::Root::Open(source.files.folder)));
  }
  return work(roots);
}

}  // namespace

Status MountOverlay(const sys::DetachedMount::Options& options, const std::string& target) {
  for (const auto& [key, value] : options)
    if (key == "upperdir" && !sys::KeepsUserAttributes(value))
      return Error(Code::kUnsupported, "'" + value + "' is on a file system without extended attributes");
  Result<sys::DetachedMount> overlay = sys::DetachedMount::New("overlay", "overlay", options, 0);
  if (overlay.ok()) return overlay->AttachAt(target);
  const Error& e = overlay.error();
  if (e.sys_errno() != EINVAL || e.text().find("lowerdir+") == std::string::npos) return std::move(overlay).error();
  // Before Linux 6.8: one string of at most a page.
  std::string lower, rest;
  for (const auto& [key, value] : options) {
    if (key == "lowerdir+") lower += (lower.empty() ? "" : ":") + value;
    else rest += "," + key + (value.empty() ? "" : "=" + value);
  }
  if (::mount("overlay", target.c_str(), "overlay", 0, ("lowerdir=" + lower + rest).c_str()) < 0)
    return Error::Sys(errno, "mount overlay on", target);
  return Ok();
}

Result<MountedRootfs> MountRootfs(const RootfsWanted& wanted, const ContainerFiles& files, const std::string& volumes,
                                  const std::string& target) {
  MountedRootfs mounted;
  TRY(MountRoot(wanted, files, target, mounted));
  if (!wanted.with_mounts) return mounted;
  const sys::Root root = TRY(sys::Root::Open(target));
  TRY(MountVolumes(wanted, volumes, root));
  return mounted;
}

Result<RootfsWanted> WantRootfs(Engine& engine, const std::string& name_or_id) {
  RootfsWanted wanted;
  wanted.container = TRY(FindContainer(engine, name_or_id));
  wanted.spec = TRY(ContainerSpec::Parse(wanted.container.spec));
  return wanted;
}

Result<std::string> WithRootfs(Engine& engine, const std::vector<RootfsWanted>& wanted, const RootfsWork& work) {
  std::vector<Source> sources;
  int joined = -1;  // the last one's user namespace: that of what is written to
  bool idle = wanted.empty();
  for (const RootfsWanted& one : wanted) {
    Source source = TRY(Inquire(engine, one));
    if (source.live) source.root = TRY(FetchRoot(source.live->pidfd.get(), one.with_mounts));
    else idle = true;
    sources.push_back(std::move(source));
    if (sources.back().live) joined = sources.back().live->pidfd.get();
  }
  const std::string volumes = TRY(engine.Store())->root() + "/volumes";
  const sys::Fd memory = TRY(sys::MemoryFile("outcome"));
  const auto run = [&]() -> int {
    ::umask(0);
    const Result<std::string> outcome = Inside(sources, volumes, work);
    return sys::WriteAll(memory.get(), EncodeOutcome(outcome), "outcome").ok() ? 0 : 1;
  };
  const int code = joined >= 0 ? TRY(userns::RunJoined(joined, {.own_mounts = idle}, run))
                               : TRY(userns::RunInside(TRY(userns::DefaultMap()), run));
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
  const std::string outcome = TRY(sys::ReadAll(memory.get(), "outcome", kMaxOutcome));
  // Nobody reads our output any more: the end that any program has then.
  if (outcome.empty() && code == 128 + SIGPIPE) ::raise(SIGPIPE);
  if (outcome.empty()) return Error(Code::kInternal, "the process that works on the container's files ended with status " + std::to_string(code));
  return DecodeOutcome(outcome);
}

}  // namespace ctool::engine
