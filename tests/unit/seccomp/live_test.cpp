// SPDX-License-Identifier: Apache-2.0
//
// The built-in profile in the kernel: children put themselves under it and try.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/kcmp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "seccomp/install.hpp"
#include "simulate.hpp"
#include "sys/child.hpp"

namespace ctool::seccomp {
namespace {

constexpr int kCouldNotInstall = 200, kKilled = 201;
constexpr long kHighBits = 0x7f00000000;

const std::string& Program() {
  static const std::string program = MustCompile(DefaultProfileText(), kDefaultCaps);
  return program;
}

// The errno of `call` (0: it worked) in a child, under the profile or not.
int Errno(const std::function<long()>& call, bool filtered = true) {
  const std::string& program = Program();
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (filtered) {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      if (InstallFilter(reinterpret_cast<const sock_filter*>(program.data()),
                        static_cast<unsigned short>(program.size() / sizeof(sock_filter))) != 0)
        ::_exit(kCouldNotInstall);
    }
    errno = 0;
    ::_exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kKilled;
}

template <class... T>
std::function<long()> Call(long number, T... args) {
  return [=] { return ::syscall(number, args...); };
}

TEST(Live, RefusedCalls) {
  EXPECT_EQ(Errno(Call(SYS_socket, AF_VSOCK, SOCK_STREAM, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_socket, AF_VSOCK | kHighBits, SOCK_STREAM, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_socket, AF_ALG | kHighBits, SOCK_SEQPACKET, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_socket, AF_NETLINK, SOCK_RAW, 9)), EINVAL);
  EXPECT_EQ(Errno(Call(425, 4, nullptr)), ENOSYS);  // io_uring_setup
  EXPECT_EQ(Errno(Call(SYS_add_key, "user", "x", "y", 1, -3)), ENOSYS);
  EXPECT_EQ(Errno(Call(SYS_request_key, "user", "x", nullptr, 0)), ENOSYS);
  EXPECT_EQ(Errno(Call(SYS_keyctl, 0, -3, 0)), ENOSYS);
  EXPECT_EQ(Errno(Call(SYS_userfaultfd, 1)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_kexec_load, 0, 0, nullptr, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_bpf, 0, nullptr, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_perf_event_open, nullptr, 0, -1, -1, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_kcmp, ::getpid(), ::getpid(), KCMP_VM, 0, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_syslog, 3, nullptr, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_open_by_handle_at, -1, nullptr, 0)), EPERM);
  EXPECT_EQ(Errno(Call(SYS_personality, ADDR_NO_RANDOMIZE)), ENOSYS);
  EXPECT_EQ(Errno(Call(SYS_personality, READ_IMPLIES_EXEC)), ENOSYS);
  EXPECT_EQ(Errno(Call(100000)), ENOSYS);
  EXPECT_EQ(Errno(Call(-1)), ENOSYS);
}

TEST(Live, TerminalInjectionIsRefusedOnAnyDescriptor) {
  // Without the filter a pipe answers ENOTTY.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  char c = 'x';
  for (const unsigned long request : {0x5412UL, 0x541cUL}) {
    EXPECT_EQ(Errno(Call(SYS_ioctl, ends[0], request, &c), false), ENOTTY);
    EXPECT_EQ(Errno(Call(SYS_ioctl, ends[0], request, &c)), EPERM);
    EXPECT_EQ(Errno(Call(SYS_ioctl, ends[0], request | kHighBits, &c)), EPERM);
  }
  int waiting = 0;
  EXPECT_EQ(Errno(Call(SYS_ioctl, ends[0], FIONREAD, &waiting)), 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Live, WhatProgramsNeedAnswersAsWithoutTheFilter) {
  const std::vector<std::pair<const char*, std::function<long()>>> calls = {
      {"getpid", Call(SYS_getpid)},
      {"personality query", Call(SYS_personality, 0xffffffff)},
      {"memfd_create", Call(SYS_memfd_create, "x", MFD_CLOEXEC)},
      {"landlock", Call(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION)},
      {"seccomp",
       [] {
         uint32_t action = SECCOMP_RET_ALLOW;
         return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
       }},
      {"unshare user", Call(SYS_unshare, CLONE_NEWUSER)},
      {"socket inet", Call(SYS_socket, AF_INET, SOCK_STREAM, 0)},
      {"socket netlink", Call(SYS_socket, AF_NETLINK, SOCK_RAW, 0)},
      {"cachestat", Call(451, -1, nullptr, nullptr, 0)},
      {"statmount", Call(457, nullptr, nullptr, 0, 1)},
      {"mseal", Call(462, 1, 1, 1)},
      {"getxattrat", Call(464, -1, "", 1 << 20, "user.x", nullptr, 0)},
      {"mount", Call(SYS_mount, nullptr, "/proc/nowhere", nullptr, 0, nullptr)},
      {"setns", Call(SYS_setns, -1, 0)},
      {"ptrace",
       [] {
         const pid_t child = ::fork();
         if (child == 0)
           for (;;) ::pause();
         const long traced = ::ptrace(PTRACE_SEIZE, child, nullptr, nullptr);
         ::kill(child, SIGKILL);
         ::waitpid(child, nullptr, 0);
         return traced;
       }},
      {"clone3",
       [] {
         Result<sys::Child> child = sys::Child::Clone(0);
         if (!child.ok()) return -1L;
         if (child->in_child()) ::_exit(0);
         return child->Wait().ok() ? 0L : -1L;
       }},
      {"thread",
       [] {
         int x = 0;
         std::thread([&x] { x = 1; }).join();
         return x - 1L;
       }},
  };
  for (const auto& [name, call] : calls) EXPECT_EQ(Errno(call), Errno(call, false)) << name;
}

TEST(Live, AProgramRunsToItsEnd) {
  EXPECT_EQ(Errno([] {
              return ::execl("/bin/sh", "sh", "-c", "x=$(ls / | wc -l); test $x -gt 1", nullptr);
            }),
            0);
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
long Int80(long number, long a = 0, long b = 0, long c = 0) {
  long result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0), "D"(0)
               : "memory", "r8", "r9", "r10", "r11");
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

TEST(Live, ThirtyTwoBitEntriesAreCovered) {
  if (Errno([] { return Int80(20); }, false) != 0) GTEST_SKIP() << "a kernel without 32-bit calls";
  EXPECT_EQ(Errno([] { return Int80(20); }), 0);  // getpid
  const std::vector<std::pair<long, int>> refused = {
      {357, EPERM},  {336, EPERM},  {374, EPERM}, {425, ENOSYS}, {286, ENOSYS},
      {287, ENOSYS}, {288, ENOSYS}, {113, EPERM}, {166, EPERM},  {128, EPERM},
      {283, EPERM},  {110, EPERM},  {25, EPERM},  {101, EPERM}};
  for (const auto& [number, err] : refused) {
    const long n = number;
    EXPECT_EQ(Errno([n] { return Int80(n, 1); }), err) << n;
  }
  EXPECT_EQ(Errno([] { return Int80(359, AF_VSOCK, SOCK_STREAM); }), EPERM);
  EXPECT_EQ(Errno([] { return Int80(359, AF_ALG, SOCK_SEQPACKET); }), EPERM);
  EXPECT_EQ(Errno([] { return Int80(359, AF_INET, SOCK_STREAM); }), 0);
  EXPECT_EQ(Errno([] { return Int80(54, 0, 0x5412); }), EPERM);
}

TEST(Live, X32EntriesAreCovered) {
  EXPECT_EQ(Errno(Call(0x40000000 | SYS_bpf, 0, nullptr, 0)), EPERM);
  EXPECT_EQ(Errno(Call(0x40000000 | 425, 0, nullptr)), ENOSYS);
}
#endif

TEST(Live, ACallOfAnUnlistedArchitectureKills) {
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
  const std::string program = MustCompile(R"({"defaultAction":"SCMP_ACT_ALLOW"})");
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (InstallFilter(reinterpret_cast<const sock_filter*>(program.data()),
                      static_cast<unsigned short>(program.size() / sizeof(sock_filter))) == 0)
      Int80(20);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
#else
  GTEST_SKIP() << "no second entry to try";
#endif
}

TEST(Live, InstallSaysWhyItCouldNot) {
  const sock_filter nonsense{0xffff, 0, 0, 0};
  const auto install = [&nonsense](unsigned short length) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    errno = InstallFilter(&nonsense, length);
    return errno == 0 ? 0L : -1L;
  };
  EXPECT_EQ(Errno([&install] { return install(1); }, false), EINVAL);
  EXPECT_EQ(Errno([&install] { return install(0); }, false), EINVAL);
}

}  // namespace
}  // namespace ctool::seccomp
