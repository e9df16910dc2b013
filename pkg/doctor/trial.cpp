// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/scope.hpp"
#include "base/text.hpp"
#include "doctor/checks_internal.hpp"

namespace ctool::doctor {
namespace {

// With arguments that no kernel takes: what exists and is allowed says EINVAL, EBADF, EFAULT. EPERM is what filters say
// that know no better, as these arguments lead to nothing that could be forbidden (in a user namespace of one's own).
struct Trial {
  const char* name;
  long (*call)();
  bool required;
};

constexpr auto kTrials = std::to_array<Trial>({
    {"openat2", [] { return ::syscall(SYS_openat2, -1, "", nullptr, 0); }, false},
    {"clone3", [] { return ::syscall(SYS_clone3, nullptr, 0); }, false},
    {"close_range", [] { return ::syscall(SYS_close_range, 1U, 0U, 0U); }, false},
    {"statx", [] { return ::syscall(SYS_statx, -1, "x", 0, 0, nullptr); }, false},
    {"faccessat2", [] { return ::syscall(SYS_faccessat2, -1, "x", 0, ~0U); }, false},
    {"execveat", [] { return ::syscall(SYS_execveat, -1, "x", nullptr, nullptr, ~0U); }, false},
    {"copy_file_range", [] { return ::syscall(SYS_copy_file_range, -1, nullptr, -1, nullptr, 1UL, 0U); }, false},
    {"syncfs", [] { return ::syscall(SYS_syncfs, -1); }, false},
    {"inotify_init1", [] { return ::syscall(SYS_inotify_init1, ~0U); }, false},
    {"sethostname", [] { return ::syscall(SYS_sethostname, "", 65536); }, false},
    {"signalfd4", [] { return ::syscall(SYS_signalfd4, -1, nullptr, 0UL, ~0U); }, true},
    {"memfd_create", [] { return ::syscall(SYS_memfd_create, "", ~0U); }, false},
    {"pidfd_open", [] { return ::syscall(SYS_pidfd_open, -1, 0U); }, true},
    {"pidfd_send_signal", [] { return ::syscall(SYS_pidfd_send_signal, -1, 0, nullptr, ~0U); }, true},
    {"setns", [] { return ::syscall(SYS_setns, -1, 0); }, true},
    {"fsopen", [] { return ::syscall(SYS_fsopen, "", ~0U); }, true},
    {"fsconfig", [] { return ::syscall(SYS_fsconfig, -1, ~0U, nullptr, nullptr, 0); }, true},
    {"fsmount", [] { return ::syscall(SYS_fsmount, -1, ~0U, 0U); }, true},
    {"open_tree", [] { return ::syscall(SYS_open_tree, -1, "", ~0U); }, true},
    {"move_mount", [] { return ::syscall(SYS_move_mount, -1, "", -1, "", ~0U); }, true},
    {"mount_setattr", [] { return ::syscall(SYS_mount_setattr, -1, "", ~0U, nullptr, 0); }, true},
    {"mount", [] { return ::syscall(SYS_mount, "", nullptr, "", 0UL, nullptr); }, true},
    {"umount2", [] { return ::syscall(SYS_umount2, "", ~0U); }, true},
    {"pivot_root", [] { return ::syscall(SYS_pivot_root, "", ""); }, true},
    {"seccomp", [] { return ::syscall(SYS_seccomp, ~0U, 0U, nullptr); }, true},
    {"waitid", [] { return ::syscall(SYS_waitid, ~0U, 0, nullptr, 0, nullptr); }, true},
    {"flock", [] { return ::syscall(SYS_flock, -1, 0); }, true},
});

}  // namespace

Refusals RefusedCalls() {
  Refusals refusals;
  void* const page = ::mmap(nullptr, kTrials.size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return refusals;
  const ScopeFail unmap([&] { ::munmap(page, kTrials.size()); });
  auto* const refused = static_cast<char*>(page);
  const Result<int> ran = userns::RunInside(userns::SingleIdMap("", ""), [&] {
    if (::unshare(CLONE_NEWUTS) < 0) return 1;  // sethostname asks whose name it is first
    for (size_t i = 0; i < kTrials.size(); ++i) refused[i] = kTrials[i].call() < 0 && (errno == ENOSYS || errno == EPERM);
    return 0;
  });
  if (!ran.ok() || *ran != 0) return refusals;  // what forbids that is another check's
  for (size_t i = 0; i < kTrials.size(); ++i)
    if (refused[i] != 0) (kTrials[i].required ? refusals.needed : refusals.replaced).emplace_back(kTrials[i].name);
  return refusals;
}

std::string HintFor(const Error& error) {
  // Also of a program that was started: it has its own words for errno.
  const std::string words = ToLower(error.Message());
  const auto names = [&](const char* what) { return words.find(what) != words.npos; };
  if (error.sys_errno() == EAGAIN && (names("clone") || names("fork") || names("thread")))
    return "you have as many processes as you may (ulimit -u, or the limit of a control group); see: ctool doctor";
  const bool unknown = names(ToLower(::strerrordesc_np(ENOSYS)).c_str());
  if (!unknown && !names(ToLower(::strerrordesc_np(EPERM)).c_str())) return "";
  Refusals refused = RefusedCalls();
  // What there is another way for is no cause, unless somebody has missed it.
  if (unknown) refused.needed.insert(refused.needed.end(), refused.replaced.begin(), refused.replaced.end());
  if (!refused.needed.empty())
    return "the kernel, or a seccomp filter around ctool, refuses " + Join(refused.needed, ", ") + "; see: ctool doctor";
  // Where the trial itself is refused its own hint says what.
  if (const Result<int> tried = userns::RunInside(userns::SingleIdMap("", ""), [] { return 0; }); !tried.ok() && !tried.error().hint().empty())
    return tried.error().hint();
  return unknown ? "the kernel, or a seccomp filter around ctool, does not have this system call; see: ctool doctor" : "";
}

}  // namespace ctool::doctor
