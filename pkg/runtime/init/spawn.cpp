// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/init/context_internal.hpp"
#include "runtime/init/init.hpp"
#include "sys/syscalls.hpp"

namespace ctool::runtime {
namespace {

// ESRCH: the process has ended.
Status Enter(const Origin& origin) {
  for (const Origin::Part& part : origin.parts) {
    if (::setns(part.fd, static_cast<int>(part.types)) == 0) continue;
    // Our own user namespace, in which we are already: setns(2) refuses that. The next one decides whether we may.
    if (errno == EINVAL && part.types == 0 && &part == &origin.parts.front()) continue;
    if (errno == ESRCH) return Error(Code::kBusy, "the process whose namespaces are to be shared has ended");
    if (errno == EPERM && &part != &origin.parts.front())
      return Error::Sys(errno, "enter the shared namespaces")
          .Hint("all namespaces that a container shares have to belong to one user namespace: to one container, or to those that share with it");
    return Error::Sys(errno, "enter the shared namespaces");
  }
  // Gaining capabilities has made us undumpable, and so init's /proc entry root's, which nobody could write a map to.
  // Nobody in the namespaces that we have entered sees our pid.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become dumpable");
  return Ok();
}

// The other's /dev/shm, as a tree that is attached nowhere. It takes a process of its own to get it: nobody comes back
// from a mount namespace.
Status SendShm(int process, const SyncSocket& to) {
  if (::setns(process, CLONE_NEWUSER | CLONE_NEWNS) < 0) return Error::Sys(errno, "enter the mount namespace of the other container");
  const sys::Root root = TRY(sys::Root::Open("/"));
  const sys::Fd folder = TRY(root.Open("/dev/shm", O_PATH | O_DIRECTORY));
  const sys::DetachedMount tree = TRY(sys::DetachedMount::Clone(folder.get(), "", false));
  return to.Send(Msg::kJoined, Stage::kMounts, "", tree.fd());
}

Result<sys::Fd> FetchShm(const Origin& origin) {
  for (const Origin::Part& part : origin.parts) {
    if ((part.types & CLONE_NEWIPC) == 0) continue;
    auto [ours, theirs] = TRY(SyncSocket::Pair());
    const pid_t child = ::fork();
    if (child < 0) return Error::Sys(errno, "fork");
    if (child == 0) {
      ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
      const Status sent = SendShm(part.fd, theirs);
      ::_exit(sent.ok() || theirs.SendError(Stage::kMounts, sent.error()).ok() ? 0 : 1);
    }
    theirs.Close();
    Frame frame;
    const Result<bool> answered = ours.Receive(frame);
    ::waitpid(child, nullptr, 0);
    if (!answered.ok()) return answered.error();
    if (!*answered) return Error(Code::kInternal, "the process that fetches /dev/shm died");
    if (frame.header.msg == Msg::kFailed) return FrameError(frame).Wrap("share /dev/shm");
    return std::move(frame.fd);
  }
  return sys::Fd();
}

}  // namespace

void SpawnMain(const Origin& origin, uint64_t namespaces, const Birth& birth, const userns::IdMap& map, const SyncSocket& sync,
               const int (&stdio)[3], const std::vector<int>& preserved) {
  sys::Fd pidfd, shm;
  pid_t pid = -1;
  const auto spawn = [&]() -> Status {
    shm = TRY(FetchShm(origin));
    TRY(Enter(origin));
    pid = TRY(init::CloneForParent(namespaces, pidfd));
    if (pid > 0 && (namespaces & CLONE_NEWUSER) != 0) return userns::WriteMaps(pid, map);
    return Ok();
  };
  const Status spawned = spawn();
  if (pid == 0) InitMain(birth, sync, stdio, preserved, std::move(shm));
  if (!spawned.ok()) {
    if (pid > 0) sys::PidfdSendSignal(pidfd.get(), SIGKILL);
    ::_exit(sync.SendError(Stage::kClone, spawned.error()).ok() ? 125 : 124);
  }
  ::_exit(sync.Send(Msg::kJoined, Stage::kClone, std::to_string(pid), pidfd.get()).ok() ? 0 : 124);
}

}  // namespace ctool::runtime
