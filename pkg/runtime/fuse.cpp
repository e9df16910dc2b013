// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <optional>

#include "base/text.hpp"
#include "runtime/launch.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::runtime {

// fuse-overlayfs goes to the background by itself once the mount is there, so that the end of the
// process we start is the signal. The daemon is ours to end and to reap: the monitor is a subreaper.
//
// It has a mount namespace of its own: init's pivot_root moves the root of every process of init's,
// and the daemon needs the host's /proc. Its mount reaches init because init has made the mount
// point shared.
Status StartFuseOverlay(const std::string& program, pid_t init, const FuseMount& mount) {
  if (program.empty())
    return Error(Code::kUnsupported, "fuse-overlayfs is not installed")
        .Hint("install the package fuse-overlayfs");
  const sys::Fd pidfd(sys::PidfdOpen(init, 0));
  if (!pidfd) return Error::Sys(errno, "pidfd_open");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become a subreaper");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  const sys::Fd read_end(ends[0]);
  sys::Fd write_end(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child()) {
    // In the namespaces of init, but not in its pid namespace: the container can't see it.
    if (::setns(pidfd.get(), CLONE_NEWUSER | CLONE_NEWNS) < 0 || ::setresgid(0, 0, 0) < 0 ||
        ::setresuid(0, 0, 0) < 0 || ::unshare(CLONE_NEWNS) < 0 || ::chdir(mount.folder.c_str()) < 0 || ::dup2(write_end.get(), 1) < 0 ||
        ::dup2(write_end.get(), 2) < 0)
      ::_exit(124);
    const char* const argv[] = {program.c_str(), "-o", mount.options.c_str(), mount.target.c_str(), nullptr};
    const char* const envp[] = {"PATH=/usr/bin:/bin", nullptr};
    ::execve(program.c_str(), const_cast<char**>(argv), const_cast<char**>(envp));
    ::_exit(127);
  }
  write_end.Reset();
  const sys::ExitStatus status = TRY(child.Wait());
  if (status.ok()) return Ok();
  // The daemon has stdout too, so reading to EOF would wait for it; a failed start has none.
  const Result<std::string> said = sys::ReadAll(read_end.get(), "fuse-overlayfs", 4096);
  return Error(Code::kUnsupported, "fuse-overlayfs " + status.Describe() + ": " +
                                       std::string(Trim(said.ok() ? *said : "")))
      .Hint("it needs /dev/fuse, readable and writable for you (mode 0666)");
}

void EndFuseDaemons() {
  const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  const Result<std::string> children = sys::ReadFile(path);
  if (!children.ok()) return;  // a kernel without the list: the daemon stays until its mount is gone
  for (const std::string& text : Split(*children, ' ')) {
    const std::optional<uint64_t> pid = ParseUint(text);
    const Result<std::string> name = sys::ReadFile("/proc/" + text + "/comm");
    if (pid && name.ok() && Trim(*name) == "fuse-overlayfs") ::kill(static_cast<pid_t>(*pid), SIGKILL);
  }
}

}  // namespace ctool::runtime
