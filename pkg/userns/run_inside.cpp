// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/log.hpp"
#include "base/scope.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::userns {
namespace {

enum class Stage : int { kUnshared, kReady, kDied, kUnshare, kGroups, kGid, kUid, kMounts };

// What the child says over the socket: how far it got, and the errno of what failed.
struct Report {
  Stage stage;
  int err;
};

void Send(int socket, Report report) {
  // A parent that is gone needs no answer: PR_SET_PDEATHSIG ends the child.
  [[maybe_unused]] const ssize_t n = ::send(socket, &report, sizeof report, MSG_NOSIGNAL);
}

Report Receive(int socket) {
  Report report{};
  ssize_t n;
  while ((n = ::recv(socket, &report, sizeof report, 0)) < 0 && errno == EINTR) {
  }
  return n == sizeof report ? report : Report{Stage::kDied, 0};
}

[[noreturn]] void Fail(int socket, Stage stage) {
  Send(socket, {stage, errno});
  ::_exit(125);
}

void DieWithParent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);
}

bool SetgroupsDenied() {
  const Result<std::string> state = sys::ReadFile("/proc/self/setgroups", 64);
  return state.ok() && state->rfind("deny", 0) == 0;
}

// The child's life. noexcept: an exception from `work` must not run into the caller's frames.
[[noreturn]] void RunChild(int socket, pid_t parent, bool single_id,
                           const std::function<int()>& work) noexcept {
  DieWithParent(parent);
  ::prctl(PR_SET_DUMPABLE, 1);  // else /proc/PID/uid_map belongs to root
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) Fail(socket, Stage::kUnshare);
  Send(socket, {Stage::kUnshared, 0});
  if (Receive(socket).stage != Stage::kReady) ::_exit(125);
  if (!single_id && ::setgroups(0, nullptr) < 0 && !(errno == EPERM && SetgroupsDenied()))
    Fail(socket, Stage::kGroups);
  if (::setresgid(0, 0, 0) < 0) Fail(socket, Stage::kGid);
  if (::setresuid(0, 0, 0) < 0) Fail(socket, Stage::kUid);
  DieWithParent(parent);  // a change of credentials takes the signal off
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
    Fail(socket, Stage::kMounts);
  Send(socket, {Stage::kReady, 0});
  ::close(socket);
  const int status = work();
  ::fflush(nullptr);
  ::_exit(status & 255);
}

Error Explain(Report report) {
  switch (report.stage) {
    case Stage::kUnshare: return ExplainUserns(report.err);
    case Stage::kGroups: return Error::Sys(report.err, "setgroups in the user namespace");
    case Stage::kGid: return Error::Sys(report.err, "setresgid in the user namespace");
    case Stage::kUid: return Error::Sys(report.err, "setresuid in the user namespace");
    case Stage::kMounts:
      // Allowed to root of a user namespace of one's own, so it is a filter that says so.
      return Error::Sys(report.err, "make the mounts private").Hint("a seccomp filter around ctool refuses mount: allow it there; see: ctool doctor");
    default: return Error(Code::kInternal, "the process in the user namespace died early");
  }
}

Result<int> Reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return Error::Sys(errno, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<int> RunInside(const IdMap& map, const std::function<int()>& work) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return Error::Sys(errno, "socketpair");
  const sys::Fd ours(ends[0]);
  sys::Fd theirs(ends[1]);
  ::fflush(nullptr);  // or the child would print our buffers a second time
  const pid_t parent = ::getpid();
  // fork, not a bare clone3: `work` may start threads, and libc has to know its new process.
  const pid_t pid = ::fork();
  if (pid < 0) return Error::Sys(errno, "fork");
  if (pid == 0) {
    ::close(ours.get());
    RunChild(theirs.get(), parent, map.single_id, work);
  }
  ScopeFail stop([pid] {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  });
  theirs.Reset();
  const Report unshared = Receive(ours.get());
  if (unshared.stage != Stage::kUnshared) return Explain(unshared);
  TRY(WriteMaps(pid, map));
  Send(ours.get(), {Stage::kReady, 0});
  const Report ready = Receive(ours.get());
  if (ready.stage != Stage::kReady) return Explain(ready);
  stop.Commit();
  return Reap(pid);
}

Status RemoveTree(const std::string& path, const std::function<Result<IdMap>()>& map) {
  Status removed = sys::RemoveTree(path);
  if (removed.ok() || removed.error().code() != Code::kPermission) return removed;
  const int code = TRY(RunInside(TRY(map()), [&]() -> int {
    const Status inside = sys::RemoveTree(path);
    if (inside.ok()) return 0;
    Log(LogLevel::kError, inside.error().Message());
    return 1;
  }));
  if (code != 0) return Error(Code::kIo, "deleting '" + path + "' failed");
  return Ok();
}

}  // namespace ctool::userns
