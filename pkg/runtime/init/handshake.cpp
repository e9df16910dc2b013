// SPDX-License-Identifier: Apache-2.0
//
// What the processes before exec have in common: their talk with the parent, and their end.
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/trace.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/syscalls.hpp"
#include "userns/userns.hpp"

namespace ctool::runtime::init {
namespace {

[[noreturn]] void Die(const SyncSocket& sync, Stage stage, const Error& error) {
  if (sync.SendError(stage, error).ok()) ::_exit(125);
  // The monitor is gone, or the container's own filter lets us say nothing: then the exit status says what it can.
  ::_exit(error.code() == Code::kNoCommand ? 127 : error.code() == Code::kNotExecutable ? 126 : 124);
}

// Numbers that are in use are moved out of the way first. False: errno.
bool PlaceDescriptors(const int (&stdio)[3], bool terminal, const std::vector<int>& preserved) {
  const int top = 3 + static_cast<int>(preserved.size());
  std::vector<int> staged;
  for (const int fd : preserved) staged.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, top));
  if (!terminal)
    for (int standard = 0; standard < 3; ++standard)
      if (::dup2(stdio[standard], standard) < 0) return false;
  // Nothing of ours is open after exec: CVE-2024-21626.
  if (sys::CloseRange(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return false;
  for (size_t i = 0; i < staged.size(); ++i)
    if (::dup2(staged[i], 3 + static_cast<int>(i)) < 0) return false;
  return true;
}

}  // namespace

Status AwaitIdMap(Context& c) {
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kIdMapDone)
    return Error(Code::kInternal, "the monitor went away");
  const Status root = userns::BecomeRoot(KeepsGroups(c) ? userns::Groups::kKeep : userns::Groups::kDrop);
  // A single id that is not 0: it is ours already, and so are the capabilities.
  if (!root.ok() && root.error().sys_errno() != EINVAL) return root;
  // newuidmap's successors (slirp4netns, exec) come through our /proc entry, which a new uid would have made root's.
  if (HasForeignIds(c) && ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become dumpable");
  // The change of ids cleared it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return Error::Sys(errno, "set the death signal");
  return Ok();
}

Status TellForeignIds(Context& c) { return HasForeignIds(c) ? c.sync.Send(Msg::kIdMapDone, Stage::kIdMap) : Ok(); }

Status EnterGroup(Context& c) {
  if (!c.awaits_group) return Ok();
  c.awaits_group = false;
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kGroupDone)
    return Error(Code::kInternal, "the monitor went away");
  if ((c.namespaces & CLONE_NEWCGROUP) != 0 && ::unshare(CLONE_NEWCGROUP) < 0) return Error::Sys(errno, "unshare the cgroup namespace");
  return Ok();
}

Result<pid_t> CloneForParent(uint64_t namespaces, sys::Fd& pidfd) {
  clone_args args{};
  int fd = -1;
  // No exit signal: clone3 wants none with CLONE_PARENT, the child has ours.
  args.flags = CLONE_PARENT | CLONE_PIDFD | namespaces;
  args.pidfd = reinterpret_cast<uint64_t>(&fd);
  const long pid = sys::Clone3(&args);
  if (pid < 0) return Error::Sys(errno, "clone3 in the joined namespaces");
  if (pid > 0) pidfd = sys::Fd(fd);
  return static_cast<pid_t>(pid);
}

Status AwaitExec(Context& c) {
  // The next word may come much later (`ctool init`), and who captured the command's stderr must see its end. Our stdout
  // is /dev/null, or the container's terminal; errors go by the socket.
  if (::dup2(STDOUT_FILENO, STDERR_FILENO) < 0) return Error::Sys(errno, "let go of stderr");
  // A home that is no path is not worth an error here.
  TRY(c.sync.Send(Msg::kReady, Stage::kSecurity, c.home.size() < PATH_MAX ? c.home : ""));
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kExec)
    return Error(Code::kInternal, "the monitor went away");
  // Not to be looked into (/proc/1/exe, fd) by others of a shared pid namespace until exec. Not
  // before now: newuidmap and slirp4netns come through our /proc entry.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return Error::Sys(errno, "become undumpable");
  return Ok();
}

void Do(const Step& step, Context& c) {
  Status done = step.run(c);
  if (!done.ok()) Die(c.sync, step.stage, done.error());
  Mark(Name(step.stage));
}

void ExecuteOrDie(Context& c, const int (&stdio)[3], const std::vector<int>& preserved) {
  // The socket's end says that exec has succeeded, so it must not be overwritten by a preserved descriptor.
  const SyncSocket sync(sys::Fd(::fcntl(c.sync.fd(), F_DUPFD_CLOEXEC, 3 + static_cast<int>(preserved.size()))));
  ::close(c.sync.fd());
  if (!PlaceDescriptors(stdio, c.plan.spec.process.terminal, preserved))
    Die(sync, Stage::kProcess, Error::Sys(errno, "place the descriptors"));
  // The container outlives a dead monitor.
  ::prctl(PR_SET_PDEATHSIG, 0);
  if (!c.plan.seccomp.empty()) {
    Status armed = CheckProgram(c);
    const bool found = armed.ok();
    if (found) armed = InstallSeccomp(c, sync);
    if (!armed.ok()) Die(sync, found ? Stage::kSecurity : Stage::kExec, armed.error());
  }
  Die(sync, Stage::kExec, Execute(c));
}

}  // namespace ctool::runtime::init
