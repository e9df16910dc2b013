// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "base/text.hpp"
#include "config/host_user.hpp"
#include "doctor/checks_internal.hpp"
#include "engine/host_facts.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

constexpr int kMajor = 5, kMinor = 12;  // mount_setattr, overlay in user namespaces

std::string OwnPath() {
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  return n > 0 ? std::string(path.data(), static_cast<size_t>(n)) : "/usr/bin/ctool";
}

}  // namespace

std::optional<std::string> Sysctl(const std::string& path) {
  Result<std::string> value = sys::ReadFile("/proc/sys/" + path, 4096);
  if (!value.ok()) return std::nullopt;
  return std::string(Trim(*value));
}

std::string SysctlCommand(const std::string& name, const std::string& value) {
  const std::string file = "/etc/sysctl.d/99-ctool-" + name.substr(name.rfind('.') + 1) + ".conf";
  return "echo " + name + " = " + value + " > " + file + " && sysctl -p " + file;
}

std::string LoginName() {
  const std::string uid = std::to_string(::geteuid());
  const std::optional<std::string> line = config::HostUserLine(uid);
  return line ? line->substr(0, line->find(':')) : uid;
}

std::string ShellWord(std::string_view word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

Finding CheckKernel(Host&) {
  utsname uts{};
  const bool named = ::uname(&uts) == 0;
  char* rest = uts.release;
  const long major = std::strtol(uts.release, &rest, 10), minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : -1;
  const std::string what = "Linux " + Printable(uts.release);
  if (!named || minor < 0 || major > kMajor || (major == kMajor && minor >= kMinor)) return Well("kernel", what);
  return Required(Advise(Ill(State::kOff, "kernel", what + " is older than 5.12", "containers can't be made"),
                         "boot a later kernel"));
}

Finding CheckUserNamespaces(Host& host) {
  const Result<int> tried = userns::RunInside(userns::SingleIdMap("", ""), [] { return 0; });
  host.userns = tried.ok() && *tried == 0;
  if (host.userns) {
    const std::string limit = Sysctl("user/max_user_namespaces").value_or("?");
    return Well("userns", "a user namespace can be made (user.max_user_namespaces is " + limit + ")");
  }
  if (tried.ok()) return Required(Ill(State::kOff, "userns", "a process in a user namespace ended early", "no container can run"));
  Finding finding = Ill(State::kOff, "userns", tried.error().Message(), "no container can run");
  return Required(MendAsHinted(std::move(finding), tried.error().hint()));
}

Finding CheckAppArmor(Host& host) {
  const std::optional<std::string> restricted = Sysctl("kernel/apparmor_restrict_unprivileged_userns");
  if (!restricted || *restricted == "0") return Well("apparmor", "it does not restrict user namespaces");
  if (host.userns) return Well("apparmor", "it restricts user namespaces, and lets ctool have them");
  Finding finding = Ill(State::kOff, "apparmor", "kernel.apparmor_restrict_unprivileged_userns is " + *restricted + ", and no profile allows " +
                                                     OwnPath() + " user namespaces",
                        "no container can run");
  return Required(Mend(std::move(finding), By::kRoot, AppArmorCommand(OwnPath())));
}

Finding CheckSystemCalls(Host& host) {
  constexpr char kAllow[] = "let the outer container have these calls (docker, podman: --security-opt seccomp=unconfined)";
  Refusals refused = RefusedCalls();
  // A program that the user could change is copied before each start.
  const auto memory = std::find(refused.replaced.begin(), refused.replaced.end(), "memfd_create");
  if (const auto monitor = host.engine.Program("ctool-monitor"); memory != refused.replaced.end() && monitor.ok() && ::access(monitor->c_str(), W_OK) == 0) {
    refused.needed.push_back(*memory);
    refused.replaced.erase(memory);
  }
  const std::string by = "the kernel, or a seccomp filter around ctool, refuses ";
  if (!refused.needed.empty())
    return Required(Advise(Ill(State::kOff, "syscalls", by + Join(refused.needed, ", "), "containers can't be made"), kAllow));
  if (refused.replaced.empty()) return Well("syscalls", "none that containers need is filtered");
  return Advise(Ill(State::kDegraded, "syscalls", by + Join(refused.replaced, ", "),
                    "older calls are used instead, which take longer; without sethostname containers keep the outer host's name"),
                kAllow);
}

Finding CheckProc(Host& host) {
  if (!host.userns) return Ill(State::kOff, "proc", "there is no user namespace to try it in", "no container can run");
  const Result<int> tried = engine::TryFreshProc();
  if (!tried.ok()) return Required(Ill(State::kOff, "proc", tried.error().Message(), "no container can run"));
  if (*tried == 0) return Well("proc", "containers have a /proc of their own");
  Finding finding = Ill(State::kDegraded, "proc", std::string("a proc file system can't be mounted here (") + ::strerrordesc_np(*tried) + "): the outer /proc is covered in part",
                        "containers see the outer /proc: processes beside their own, and pids that are not theirs");
  return Advise(std::move(finding), "give the outer container an uncovered /proc (podman, docker: --security-opt unmask=ALL or systempaths=unconfined)");
}

}  // namespace ctool::doctor
