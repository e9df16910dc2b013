// SPDX-License-Identifier: Apache-2.0
#include "sys/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {

struct SpawnAccess {
  static Child Make(pid_t pid, Fd pidfd) { return Child(pid, std::move(pidfd)); }
};

namespace {

constexpr size_t kCaptureLimit = 64 << 10;

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

void ResetSignals() {
  for (int sig = 1; sig < NSIG; ++sig)
    if (sig != SIGKILL && sig != SIGSTOP) ::signal(sig, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child: everything up to exec. A failure's errno goes to `report` (-1: its text to stderr),
// then the child ends.
[[noreturn]] void BecomeProgram(const SpawnOptions& options, char* const* argv, char* const* envp,
                                int report, pid_t parent) {
  const auto fail = [&report] {
    const int err = errno;
    if (report >= 0) ::_exit(::write(report, &err, sizeof err) == sizeof err ? 127 : 124);
    const char* why = ::strerrordesc_np(err);
    if (why != nullptr && ::write(STDERR_FILENO, why, std::strlen(why)) < 0) ::_exit(124);
    ::_exit(127);
  };
  ResetSignals();
  if (options.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(125);
  }
  if (options.new_session) ::setsid();
  // First out of the way of the target numbers, then onto them.
  int top = 3;
  for (const auto& [from, to] : options.fds) top = std::max(top, to + 1);
  const auto stage = [top](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, top); };
  std::array<int, 32> staged;
  if (options.fds.size() > staged.size()) errno = E2BIG, fail();
  for (size_t i = 0; i < options.fds.size(); ++i)
    if ((staged[i] = stage(options.fds[i].first)) < 0) fail();
  const int exec_fd = options.exec_fd < 0 ? -1 : stage(options.exec_fd);
  const int report_high = report < 0 ? -1 : stage(report);
  if ((report >= 0 && report_high < 0) || (options.exec_fd >= 0 && exec_fd < 0)) fail();
  report = report_high;
  if (CloseRange(3, static_cast<unsigned>(top) - 1, 0) < 0 && top > 3) fail();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard < 3; ++standard)
    if (null < 0 || ::dup2(null, standard) < 0) fail();
  for (size_t i = 0; i < options.fds.size(); ++i)
    if (::dup2(staged[i], options.fds[i].second) < 0) fail();
  // `null` may sit below `top`: it has O_CLOEXEC by itself unless a target took its number.
  if (CloseRange(static_cast<unsigned>(top), ~0U, CLOSE_RANGE_CLOEXEC) < 0) fail();
  if (exec_fd >= 0)
    ::execveat(exec_fd, "", argv, envp, AT_EMPTY_PATH);
  else
    ::execve(argv[0], argv, envp);
  fail();
  __builtin_unreachable();
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
  const pid_t parent = ::getpid();
  if (!options.await_exec) {
    Child child = TRY(Child::Clone(0));
    if (child.in_child()) BecomeProgram(options, argv.data(), envp.data(), -1, parent);
    return child;
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  const Fd report_in(ends[0]);
  Fd report_out(ends[1]);
  Child child = TRY(Child::Clone(0));
  if (child.in_child())
    BecomeProgram(options, argv.data(), envp.data(), report_out.get(), parent);
  report_out.Reset();
  int err = 0;
  ssize_t n;
  while ((n = ::read(report_in.get(), &err, sizeof err)) < 0 && errno == EINTR) {
  }
  if (n == sizeof err) return Error::Sys(err, "execute", options.argv.empty() ? "" : options.argv[0]);
  return child;
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
