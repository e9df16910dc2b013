// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

// What a child that got nowhere ends with: 256 and above can't be said, and `work` has 0 to 99.
constexpr int kNotJoined = 100, kOtherMap = 101;

// Not to be looked into by processes of the container whose namespace we are in: they could take our descriptors of
// the host (CVE-2016-9962). A change of credentials sets it anew.
void BecomeUndumpable() { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

bool HasMap(const char* path, const std::vector<IdMapping>& wanted) {
  const Result<std::string> text = sys::ReadFile(path);
  return text.ok() && ParseMapFile(*text) == wanted;
}

// noexcept: an exception from `work` must not run into the caller's frames.
[[noreturn]] void RunChild(int pidfd, pid_t parent, const JoinOptions& options, const std::function<int()>& work) noexcept {
  BecomeUndumpable();
  if (::setns(pidfd, CLONE_NEWUSER) < 0) ::_exit(kNotJoined);
  BecomeUndumpable();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of credentials takes the signal off
  if (::getppid() != parent) ::_exit(kNotJoined);
  // Who reads it is in the namespace, so the second column is the ids outside: as they were written.
  if (options.map != nullptr && (!HasMap("/proc/self/uid_map", options.map->uids) || !HasMap("/proc/self/gid_map", options.map->gids)))
    ::_exit(kOtherMap);
  if (options.own_mounts &&
      (::unshare(CLONE_NEWNS) < 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0))
    ::_exit(kNotJoined);
  const int status = work();
  ::fflush(nullptr);
  ::_exit(status);
}

}  // namespace

Result<int> RunJoined(int pidfd, const JoinOptions& options, const std::function<int()>& work) {
  ::fflush(nullptr);  // or the child would print our buffers a second time
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();  // as in RunInside
  if (pid < 0) return Error::Sys(errno, "fork");
  if (pid == 0) RunChild(pidfd, parent, options, work);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return Error::Sys(errno, "waitpid");
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  if (WEXITSTATUS(status) == kOtherMap) return Error(Code::kUnsupported, "the container's user namespace has another map");
  if (WEXITSTATUS(status) == kNotJoined)
    return Error(Code::kBusy, "joining the container's user namespace failed").Hint("it may have just ended");
  return WEXITSTATUS(status);
}

}  // namespace ctool::userns
