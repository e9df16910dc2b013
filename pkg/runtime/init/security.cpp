// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.hpp"
#include "runtime/init/context_internal.hpp"
#include "seccomp/install.hpp"

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
      return std::move(e).Hint("the id is not mapped into the container; see /etc/subuid and /etc/subgid");
    return e;
  };
  if (::setresgid(user.gid, user.gid, user.gid) < 0) return unmapped(errno, "set gid", user.gid);
  if (::setresuid(user.uid, user.uid, user.uid) < 0) return unmapped(errno, "set uid", user.uid);
  return Ok();
}

Status InstallSeccomp(const std::string& filter) {
  if (filter.empty()) return Ok();
  const auto* program = reinterpret_cast<const sock_filter*>(filter.data());
  const int err = seccomp::InstallFilter(
      program, static_cast<unsigned short>(filter.size() / sizeof(sock_filter)));
  if (err != 0) return Error::Sys(err, "install the seccomp filter");
  return Ok();
}

}  // namespace

Status JoinKeyring(Context& c) {
  // Without one of its own the container would share the user's session keyring. Quotas of keys a
  // user are low (200); a container that finds none left starts all the same, and the default
  // filter refuses keyctl's dangerous half anyway.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, c.plan.session_keyring.c_str()) < 0)
    Debug(Error::Sys(errno, "join a session keyring").Message());
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

  TRY(DropBounding(plan.bounding));
  // Without no_new_privs the filter needs CAP_SYS_ADMIN: install it while we have it.
  if (!no_new_privs) TRY(InstallSeccomp(plan.seccomp));
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return Error::Sys(errno, "keep capabilities");
  TRY(SetIds(c.user, KeepsGroups(c)));
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) return Error::Sys(errno, "reset keepcaps");
  TRY(SetCapabilities(sets));
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return Error::Sys(errno, "clear the ambient set");
  for (int bit = 0; bit <= kLastCapability; ++bit)
    if ((ambient >> bit & 1) != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) < 0)
      return Error::Sys(errno, std::string("raise ambient ") + CapabilityName(bit));
  if (no_new_privs) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return Error::Sys(errno, "set no_new_privs");
    TRY(InstallSeccomp(plan.seccomp));
  }
  return Ok();
}

}  // namespace ctool::runtime::init
