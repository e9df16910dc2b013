// SPDX-License-Identifier: Apache-2.0
#include "sys/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {

namespace {

constexpr size_t kCaptureLimit = 64 << 10;

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// What the child is made from. When the exec is waited for it runs in our memory (CLONE_VM), and we are stopped
// meanwhile (CLONE_VFORK): nothing is copied, and the reason of a failure is simply left here.
struct Birth {
  const SpawnOptions& options;
  char* const* argv;
  char* const* envp;
  pid_t parent;
  int err = 0;
};

// Out of the way of the target numbers first, then onto them. False: errno.
bool PlaceDescriptors(const SpawnOptions& options, int& exec_fd, int& user_namespace) {
  int top = 3;
  for (const auto& [from, to] : options.fds) top = std::max(top, to + 1);
  std::array<int, 32> staged;
  if (options.fds.size() > staged.size()) return errno = E2BIG, false;
  for (size_t i = 0; i < options.fds.size(); ++i)
    if ((staged[i] = ::fcntl(options.fds[i].first, F_DUPFD_CLOEXEC, top)) < 0) return false;
  if (options.exec_fd >= 0 && (exec_fd = ::fcntl(options.exec_fd, F_DUPFD_CLOEXEC, top)) < 0) return false;
  if (options.user_namespace >= 0 && (user_namespace = ::fcntl(options.user_namespace, F_DUPFD_CLOEXEC, top)) < 0)
    return false;
  if (CloseRange(3, static_cast<unsigned>(top) - 1, 0) < 0 && top > 3) return false;
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard < 3; ++standard)
    if (null < 0 || ::dup2(null, standard) < 0) return false;
  for (size_t i = 0; i < options.fds.size(); ++i)
    if (::dup2(staged[i], options.fds[i].second) < 0) return false;
  // `null` may sit below `top`: it has O_CLOEXEC by itself unless a target took its number.
  return CloseRange(static_cast<unsigned>(top), ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

void ExecuteByLink(int fd, const Birth& birth) {
  char path[32];
  if (std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd) > 0) ::execve(path, birth.argv, birth.envp);
}

// The child, up to exec. No allocation and no exit handlers: it shares our heap.
int BecomeProgram(void* argument) {
  Birth& birth = *static_cast<Birth*>(argument);
  const SpawnOptions& options = birth.options;
  ResetSignals();
  if (options.new_session) ::setsid();
  int exec_fd = -1, user_namespace = -1;
  if ((options.folder < 0 || ::fchdir(options.folder) == 0) && PlaceDescriptors(options, exec_fd, user_namespace) &&
      (user_namespace < 0 || ::setns(user_namespace, CLONE_NEWUSER) == 0)) {
    if (options.die_with_parent) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != birth.parent) ::_exit(125);
    }
    if (exec_fd >= 0) {
      ::execveat(exec_fd, "", birth.argv, birth.envp, AT_EMPTY_PATH);
      if (errno == ENOSYS || errno == EPERM) ExecuteByLink(exec_fd, birth);  // a seccomp filter around us refuses execveat
    } else {
      ::execve(birth.argv[0], birth.argv, birth.envp);
    }
  }
  birth.err = errno;
  const char* why = options.await_exec ? nullptr : ::strerrordesc_np(birth.err);
  if (why != nullptr && ::write(STDERR_FILENO, why, std::strlen(why)) < 0) ::_exit(124);
  ::_exit(127);
}

}  // namespace

std::string ExitStatus::Describe() const {
  return signal != 0 ? "killed by signal " + std::to_string(signal)
                     : "exited with status " + std::to_string(code);
}

Result<Child> Child::Clone(uint64_t namespaces, int cgroup_fd) {
  clone_args args{};
  int pidfd = -1;
  args.flags = namespaces | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup_fd);
  }
  const long pid = Clone3(&args);
  if (pid < 0) return Error::Sys(errno, "clone3");
  return Child(static_cast<pid_t>(pid), Fd(pid == 0 ? -1 : pidfd));
}

Child& Child::operator=(Child&& o) noexcept {
  Child tmp(std::move(o));
  std::swap(pid_, tmp.pid_);
  std::swap(pidfd_, tmp.pidfd_);
  return *this;
}

Child::~Child() {
  if (pid_ <= 0) return;
  PidfdSendSignal(pidfd_.get(), SIGKILL);
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) < 0 && errno == EINTR) {
  }
}

Result<ExitStatus> Child::Wait() {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) < 0)
    if (errno != EINTR) return Error::Sys(errno, "waitid");
  pid_ = -1;
  if (info.si_code == CLD_EXITED) return ExitStatus{info.si_status, 0};
  return ExitStatus{128 + info.si_status, info.si_status};
}

Status Child::Signal(int sig) {
  if (PidfdSendSignal(pidfd_.get(), sig) < 0) return Error::Sys(errno, "pidfd_send_signal");
  return Ok();
}

pid_t Child::Detach() && { return std::exchange(pid_, -1); }

Result<Child> Spawn(const SpawnOptions& options) {
  const std::vector<char*> argv = Pointers(options.argv), envp = Pointers(options.env);
  Birth birth{options, argv.data(), envp.data(), ::getpid()};
  // Its own stack, for ours is in use; 16 KiB are twice what it needs.
  constexpr size_t kStack = 16 << 10;
  const std::unique_ptr<char[]> stack(new char[kStack]);
  // No handler of ours may run in the child, where it would change our memory.
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const int flags = (options.await_exec ? CLONE_VM | CLONE_VFORK : 0) | CLONE_PIDFD | SIGCHLD;
  const int pid = ::clone(BecomeProgram, stack.get() + kStack, flags, &birth, &pidfd);
  const int err = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return Error::Sys(err, "clone");
  Child child = Child::Adopt(pid, Fd(pidfd));
  if (birth.err == 0) return child;
  TRY(child.Wait());
  return Error::Sys(birth.err, "execute", options.argv.empty() ? "" : options.argv[0]);
}

Result<Captured> RunCaptured(SpawnOptions options) {
  int out[2], err[2];
  if (::pipe2(out, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  Fd out_read(out[0]), out_write(out[1]);
  if (::pipe2(err, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  Fd err_read(err[0]), err_write(err[1]);
  options.fds.emplace_back(out_write.get(), STDOUT_FILENO);
  options.fds.emplace_back(err_write.get(), STDERR_FILENO);
  Child child = TRY(Spawn(options));
  out_write.Reset();
  err_write.Reset();
  Captured captured;
  const auto drain = [](Fd& from, std::string& to) {
    std::array<char, 4096> chunk;
    const ssize_t n = ::read(from.get(), chunk.data(), chunk.size());
    if (n > 0)
      to.append(chunk.data(), std::min(static_cast<size_t>(n), kCaptureLimit - to.size()));
    else if (n == 0 || errno != EINTR)
      from.Reset();
  };
  while (out_read || err_read) {
    pollfd polled[2] = {{out_read.get(), POLLIN, 0}, {err_read.get(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if (polled[0].revents != 0) drain(out_read, captured.out);
    if (polled[1].revents != 0) drain(err_read, captured.err);
  }
  captured.status = TRY(child.Wait());
  return captured;
}

Result<std::string> FindProgram(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return name;
    return Error::Sys(errno, "find program", name);
  }
  for (const std::string& dir : Split(path, ':')) {
    if (dir.empty() || dir[0] != '/') continue;  // never from the current directory
    const std::string full = dir + "/" + name;
    struct stat st {};
    if (::stat(full.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::access(full.c_str(), X_OK) == 0)
      return full;
  }
  return Error(Code::kNotFound, "program '" + name + "' is not in " + path);
}

std::string ProgramPath() {
  const char* path = std::getenv("PATH");
  return (path == nullptr ? std::string() : std::string(path) + ":") +
         "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
}

}  // namespace ctool::sys
