// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::userns {
namespace {

// The sysctl's value as text, or an empty string when this kernel has none of that name.
std::string Sysctl(const std::string& path) {
  Result<std::string> value = sys::ReadFile("/proc/sys/" + path, 4096);
  return value.ok() ? std::string(Trim(*value)) : std::string();
}

std::string OwnPath() {
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  return n > 0 ? std::string(path.data(), static_cast<size_t>(n)) : "/usr/bin/ctool";
}

Error Because(int err, Code code, std::string_view reason, std::string hint) {
  return Error::Sys(err, "create a user namespace (" + std::string(reason) + ")")
      .As(code)
      .Hint(std::move(hint) + "; see: ctool doctor");
}

}  // namespace

Error ExplainUserns(int err) {
  if ((err == ENOSPC || err == EPERM) && Sysctl("user/max_user_namespaces") == "0")
    return Because(err, Code::kUnsupported, "the sysctl user.max_user_namespaces is 0",
                   "as root: sysctl -w user.max_user_namespaces=15000");
  if (err == ENOSPC)
    return Because(err, Code::kBusy,
                   "the limit user.max_user_namespaces is reached, or they are nested too deep",
                   "end some containers, or as root: sysctl -w user.max_user_namespaces=100000");
  if (err == EUSERS)
    return Because(err, Code::kUnsupported, "they are nested too deep",
                   "the kernel allows 32 levels: start from an outer one");
  if (err == EINVAL || err == ENOSYS)
    return Because(err, Code::kUnsupported, "this kernel has none",
                   "a kernel with CONFIG_USER_NS=y is needed");
  if (err != EPERM && err != EACCES) return Error::Sys(err, "create a user namespace");
  if (Sysctl("kernel/unprivileged_userns_clone") == "0")
    return Because(err, Code::kUnsupported, "the sysctl kernel.unprivileged_userns_clone is 0",
                   "as root: sysctl -w kernel.unprivileged_userns_clone=1");
  if (Sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1")
    return Because(err, Code::kUnsupported,
                   "AppArmor: the sysctl kernel.apparmor_restrict_unprivileged_userns is 1",
                   "as root: echo 'abi <abi/4.0>, include <tunables/global> profile ctool " +
                       OwnPath() +
                       " flags=(unconfined) { userns, }' > /etc/apparmor.d/ctool && "
                       "apparmor_parser -r /etc/apparmor.d/ctool");
  return Because(err, Code::kPermission, "an outer seccomp filter, a security module or a chroot",
                 "inside a container the outer one must allow clone and unshare with CLONE_NEWUSER "
                 "(docker: --security-opt seccomp=unconfined)");
}

}  // namespace ctool::userns
