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
#include "userns/userns.hpp"

namespace ctool::runtime {

namespace {

Error NotInstalled() {
  return Error(Code::kUnsupported, "fuse-overlayfs is not installed").Hint("install the package fuse-overlayfs; see: ctool doctor");
}

// Its stdout and stderr.
struct Said {
  sys::Fd read_end, write_end;
  static Result<Said> Make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
    return Said{sys::Fd(ends[0]), sys::Fd(ends[1])};
  }
};

// fuse-overlayfs goes to the background by itself once it serves, so that the end of the process we start is the signal.
// The daemon is ours to end and to reap: the monitor is a subreaper.
[[noreturn]] void Execute(const std::string& program, const std::string& options, const std::string& target, int said) {
  if (::dup2(said, 1) < 0 || ::dup2(said, 2) < 0) ::_exit(124);
  const char* const argv[] = {program.c_str(), "-o", options.c_str(), target.c_str(), nullptr};
  const char* const envp[] = {"PATH=/usr/bin:/bin", nullptr};
  ::execve(program.c_str(), const_cast<char**>(argv), const_cast<char**>(envp));
  ::_exit(127);
}

Status AwaitService(sys::Child& child, Said said) {
  said.write_end.Reset();
  const sys::ExitStatus status = TRY(child.Wait());
  if (status.ok()) return Ok();
  // The daemon has stdout too, so reading to EOF would wait for it; a failed start has none.
  const Result<std::string> words = sys::ReadAll(said.read_end.get(), "fuse-overlayfs", 4096);
  return Error(Code::kUnsupported, "fuse-overlayfs " + status.Describe() + ": " + std::string(Trim(words.ok() ? *words : "")))
      .Hint("it needs /dev/fuse, readable and writable for you (mode 0666); see: ctool doctor");
}

}  // namespace

// It has a mount namespace of its own: init's pivot_root moves the root of every process of init's,
// and the daemon needs the host's /proc. Its mount reaches init because init has made the mount
// point shared.
Status StartFuseOverlay(const std::string& program, pid_t init, const FuseMount& mount) {
  if (program.empty()) return NotInstalled();
  const sys::Fd pidfd(sys::PidfdOpen(init, 0));
  if (!pidfd) return Error::Sys(errno, "pidfd_open");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become a subreaper");
  Said said = TRY(Said::Make());
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child()) {
    // In the namespaces of init, but not in its pid namespace: the container can't see it.
    if (::setns(pidfd.get(), CLONE_NEWUSER | CLONE_NEWNS) < 0 || ::setresgid(0, 0, 0) < 0 ||
        ::setresuid(0, 0, 0) < 0 || ::unshare(CLONE_NEWNS) < 0 || ::chdir(mount.folder.c_str()) < 0)
      ::_exit(124);
    Execute(program, mount.options, mount.target, said.write_end.get());
  }
  return AwaitService(child, std::move(said));
}

namespace {

// What is to be served comes when the container's init has mounted it.
[[noreturn]] void BecomeMappedOverlay(const SyncSocket& sync) {
  Frame order, said;
  const auto receive = [&](Frame& frame) {
    const Result<bool> received = sync.Receive(frame);
    return received.ok() && *received;
  };
  const bool asked = receive(order) && receive(said);
  const std::vector<std::string> parts = Split(order.payload, '\0');
  if (!asked || parts.size() != 3 || !order.fd || !said.fd) ::_exit(124);
  // libfuse takes a mount that is there by this name (3.3).
  const int device = ::fcntl(order.fd.get(), F_DUPFD, 3);
  if (device < 0 || !userns::BecomeRoot().ok() || ::chdir(parts[0].c_str()) < 0) ::_exit(124);
  Execute(parts[2], parts[1], "/dev/fd/" + std::to_string(device), said.fd.get());
}

}  // namespace

Result<MappedOverlay> MappedOverlay::Start(const userns::IdMap& map) {
  auto [ours, theirs] = TRY(SyncSocket::Pair());
  sys::Child child = TRY(sys::Child::Clone(CLONE_NEWUSER));
  if (child.in_child()) {
    ours.Close();
    BecomeMappedOverlay(theirs);
  }
  theirs.Close();
  userns::MapWriter maps = TRY(userns::MapWriter::Start(child.pid(), map));
  return MappedOverlay(std::move(child), std::move(ours), std::move(maps));
}

Status MappedOverlay::Serve(const std::string& program, const FuseMount& mount) {
  if (program.empty()) return NotInstalled();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become a subreaper");
  TRY(maps_.Finish());
  Said said = TRY(Said::Make());
  TRY(sync_.Send(Msg::kWantFuse, Stage::kRootfs, mount.folder + '\0' + mount.options + '\0' + program, mount.device.get()));
  TRY(sync_.Send(Msg::kFile, Stage::kRootfs, {}, said.write_end.get()));
  return AwaitService(child_, std::move(said));
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
