// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "seccomp/install.hpp"
#include "sys/file.hpp"

namespace ctool::runtime::init {
namespace {

constexpr int kHighestBit = 63;

struct Sets {
  uint64_t effective, permitted, inheritable;
};

Status SetCapabilities(const Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (int half = 0; half < 2; ++half) {
    const int shift = 32 * half;
    data[half].effective = static_cast<uint32_t>(sets.effective >> shift);
    data[half].permitted = static_cast<uint32_t>(sets.permitted >> shift);
    data[half].inheritable = static_cast<uint32_t>(sets.inheritable >> shift);
  }
  if (::syscall(SYS_capset, &header, data) < 0) return Error::Sys(errno, "capset");
  return Ok();
}

Status DropBounding(uint64_t keep) {
  for (int bit = 0; bit <= kHighestBit; ++bit) {
    if ((keep >> bit & 1) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return Ok();  // one past the last capability that this kernel knows
    return Error::Sys(errno, std::string("drop ") + (bit <= kLastCapability ? CapabilityName(bit) : "a capability") + " from the bounding set");
  }
  return Ok();
}

Status SetIds(const ResolvedUser& user, bool keep_groups) {
  // A map of a single id has setgroups denied: EPERM, and no group to drop.
  if (!keep_groups && ::setgroups(user.groups.size(), user.groups.data()) < 0 && errno != EPERM)
    return Error::Sys(errno, "setgroups");
  const auto unmapped = [](int err, const char* what, uint32_t id) {
    Error e = Error::Sys(err, what, std::to_string(id)).As(Code::kNotExecutable);
    if (err == EINVAL)
      return std::move(e).Hint("the id is not mapped into the container; see /etc/subuid and /etc/subgid; see: ctool doctor");
    return e;
  };
  if (::setresgid(user.gid, user.gid, user.gid) < 0) return unmapped(errno, "set gid", user.gid);
  if (::setresuid(user.uid, user.uid, user.uid) < 0) return unmapped(errno, "set uid", user.uid);
  return Ok();
}

}  // namespace

// Last of all, so that a profile has to allow nothing for our sake but execve.
Status InstallSeccomp(Context& c, const SyncSocket& sync) {
  const std::string& filter = c.plan.seccomp;
  if (filter.empty()) return Ok();
  const auto* program = reinterpret_cast<const sock_filter*>(filter.data());
  const auto length = static_cast<unsigned short>(filter.size() / sizeof(sock_filter));
  if (!c.plan.seccomp_listener) {
    const int err = seccomp::InstallFilter(program, length);
    if (err == 0) return Ok();
    Error error = Error::Sys(err, "install the seccomp filter");
    if (err != EPERM && err != ENOSYS) return error;
    return std::move(error).Hint("a filter around ctool refuses seccomp: --security-opt seccomp=unconfined runs the container without one of its own; see: ctool doctor");
  }
  const int listener = seccomp::InstallListener(program, length);
  if (listener == -EBUSY)
    return Error(Code::kUnsupported, "a seccomp profile cannot be recorded: somebody listens to this process' system calls already")
        .Hint("there is one listener a process: record from outside of a container that is recorded itself");
  if (listener < 0) return Error::Sys(-listener, "install the recording seccomp filter");
  return sync.SendListener(listener);
}

Status JoinKeyring(Context& c) {
  // Without one of its own the container would share the user's session keyring. Quotas of keys a
  // user are low (200); a container that finds none left starts all the same, and the default
  // filter refuses keyctl's dangerous half anyway.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, c.plan.session_keyring.c_str()) < 0)
    Debug(Error::Sys(errno, "join a session keyring").Message());
  return Ok();
}

// Taken up at the next exec, ours: the host's procfs is in reach now, and nobody in the container can have touched it.
Status SetLabels(Context& c) {
  const spec::RuntimeProcess& process = c.plan.spec.process;
  const auto write = [](const char* path, const std::string& text) -> Status {
    const sys::Fd fd = TRY(sys::Open(path, O_WRONLY));
    return sys::WriteAll(fd.get(), text, path);
  };
  if (!process.apparmor_profile.empty())
    TRY_CTX("apply the AppArmor profile " + Quote(process.apparmor_profile),
            write("/proc/thread-self/attr/apparmor/exec", "exec " + process.apparmor_profile));
  if (!process.selinux_label.empty())
    TRY_CTX("apply the SELinux label " + Quote(process.selinux_label), write("/proc/thread-self/attr/exec", process.selinux_label));
  return Ok();
}

// podman's rule for ids other than 0: nothing but what was asked for by name (the ambient set).
Status DropPrivileges(Context& c) {
  const InitPlan& plan = c.plan;
  const bool no_new_privs = plan.spec.process.no_new_privileges;
  const bool root = c.user.uid == 0;
  const bool by_name = plan.spec.annotations.count(kUserAnnotation) != 0;
  Sets sets{plan.effective, plan.permitted, plan.inheritable};
  uint64_t ambient = plan.ambient;
  if (by_name && root) sets.inheritable = ambient = 0;
  if (by_name && !root) sets = {ambient, ambient, ambient};
  // Without no_new_privs filter and Landlock need CAP_SYS_ADMIN. It lasts until exec only, which works out capabilities from
  // the bounding and the ambient set alone.
  if (!no_new_privs && (!plan.seccomp.empty() || !plan.landlock.empty())) {
    sets.effective |= uint64_t{1} << CAP_SYS_ADMIN;
    sets.permitted |= uint64_t{1} << CAP_SYS_ADMIN;
  }

  TRY(DropBounding(plan.bounding));
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return Error::Sys(errno, "keep capabilities");
  TRY(SetIds(c.user, KeepsGroups(c)));
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) return Error::Sys(errno, "reset keepcaps");
  TRY(SetCapabilities(sets));
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return Error::Sys(errno, "clear the ambient set");
  for (int bit = 0; bit <= kLastCapability; ++bit)
    if ((ambient >> bit & 1) != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) < 0)
      return Error::Sys(errno, std::string("raise ambient ") + CapabilityName(bit));
  if (no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return Error::Sys(errno, "set no_new_privs");
  return Ok();
}

}  // namespace ctool::runtime::init
