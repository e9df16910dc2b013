// SPDX-License-Identifier: Apache-2.0
#include "sys/syscalls.hpp"

#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sys/fd.hpp"

namespace ctool::sys {

namespace {

// clone(2) with what of clone3's arguments it knows: enough for all that this program asks of it. The cgroup is entered
// by the parent, a moment later.
long CloneWithout3(const clone_args& args) noexcept {
  constexpr uint64_t kOnlyClone3 = CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP | CLONE_NEWTIME;
  const bool into_cgroup = (args.flags & CLONE_INTO_CGROUP) != 0;
  const uint64_t flags = (args.flags & ~kOnlyClone3) | args.exit_signal;
  const long pid = ::syscall(SYS_clone, flags, nullptr, args.pidfd, nullptr, nullptr);
  if (pid <= 0 || !into_cgroup) return pid;
  const Fd procs(::openat(static_cast<int>(args.cgroup), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  char text[24];
  const int length = std::snprintf(text, sizeof text, "%ld", pid);
  if (procs && ::write(procs.get(), text, static_cast<size_t>(length)) == length) return pid;
  const int err = errno;
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  ::waitpid(static_cast<pid_t>(pid), nullptr, __WALL);
  ::close(*reinterpret_cast<int*>(args.pidfd));
  return errno = err, -1;
}

// close_range(2) by the list in /proc, or by number where there is none.
int CloseOneByOne(unsigned first, unsigned last, unsigned flags) noexcept {
  const auto apply = [&](int fd) {
    if (static_cast<unsigned>(fd) < first || static_cast<unsigned>(fd) > last) return;
    if ((flags & CLOSE_RANGE_CLOEXEC) != 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    else ::close(fd);
  };
  const int list = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0) {
    rlimit limit{};
    constexpr rlim_t kMost = 1 << 20;  // fs.nr_open's default
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    for (int fd = 0; fd < static_cast<int>(std::min(limit.rlim_cur, kMost)); ++fd) apply(fd);
    return 0;
  }
  // What is closed while it is read is no problem: procfs lists by number. dirent64: inode, offset, length, type, name.
  alignas(8) char entries[1024];
  for (long n; (n = ::syscall(SYS_getdents64, list, entries, sizeof entries)) > 0;)
    for (long at = 0; at < n;) {
      uint16_t length = 0;
      std::memcpy(&length, entries + at + 16, sizeof length);
      int fd = 0;
      const char* name = entries + at + 19;
      for (; *name >= '0' && *name <= '9'; ++name) fd = fd * 10 + (*name - '0');
      if (*name == '\0' && fd != list) apply(fd);
      at += length;
    }
  ::close(list);
  return 0;
}

bool IsRefused(long result) noexcept { return result < 0 && (errno == ENOSYS || errno == EPERM); }

}  // namespace

long Clone3(clone_args* args) noexcept {
  const long pid = ::syscall(SYS_clone3, args, sizeof *args);
  // Filters can't see the flags of clone3, so they refuse it as a whole: with ENOSYS, the better ones. EPERM may also be
  // about a namespace; the older call says so again.
  return IsRefused(pid) ? CloneWithout3(*args) : pid;
}

int PidfdOpen(pid_t pid, unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, flags));
}

int PidfdSendSignal(int pidfd, int sig) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, sig, nullptr, 0));
}

int RawOpenat2(int dirfd, const char* path, const open_how& how) noexcept {
  // EAGAIN: a rename raced a ".." (openat2(2)). 128 tries under a steady attack fail in 0.1 % of cases.
  for (int tries = 0;; ++tries) {
    const long r = ::syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    if (r >= 0 || (errno != EINTR && errno != EAGAIN) || tries >= 128) return static_cast<int>(r);
  }
}

int PivotRoot(const char* new_root, const char* put_old) noexcept {
  return static_cast<int>(::syscall(SYS_pivot_root, new_root, put_old));
}

int CloseRange(unsigned first, unsigned last, unsigned flags) noexcept {
  const int done = static_cast<int>(::syscall(SYS_close_range, first, last, flags));
  return IsRefused(done) ? CloseOneByOne(first, last, flags) : done;
}

}  // namespace ctool::sys
