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

constexpr std::array<Trial, 14> kTrials = {{
    {"openat2", [] { return ::syscall(SYS_openat2, -1, "", nullptr, 0); }, false},
    {"clone3", [] { return ::syscall(SYS_clone3, nullptr, 0); }, false},
    {"close_range", [] { return ::syscall(SYS_close_range, 1U, 0U, 0U); }, false},
    {"statx", [] { return ::syscall(SYS_statx, -1, "x", 0, 0, nullptr); }, false},
    {"sethostname", [] { return ::syscall(SYS_sethostname, "", 65536); }, false},
    {"memfd_create", [] { return ::syscall(SYS_memfd_create, "", ~0U); }, true},
    {"pidfd_open", [] { return ::syscall(SYS_pidfd_open, -1, 0U); }, true},
    {"setns", [] { return ::syscall(SYS_setns, -1, 0); }, true},
    {"fsopen", [] { return ::syscall(SYS_fsopen, "", ~0U); }, true},
    {"fsmount", [] { return ::syscall(SYS_fsmount, -1, ~0U, 0U); }, true},
    {"open_tree", [] { return ::syscall(SYS_open_tree, -1, "", ~0U); }, true},
    {"move_mount", [] { return ::syscall(SYS_move_mount, -1, "", -1, "", ~0U); }, true},
    {"mount_setattr", [] { return ::syscall(SYS_mount_setattr, -1, "", ~0U, nullptr, 0); }, true},
    {"pivot_root", [] { return ::syscall(SYS_pivot_root, "", ""); }, true},
}};

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

}  // namespace ctool::doctor
