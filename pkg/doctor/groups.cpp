// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cgroup/place.hpp"
#include "config/paths.hpp"
#include "doctor/checks_internal.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

constexpr char kNoLimits[] = "limits of memory, processors and processes are not applied; pause and stats do without the kernel's help";

Result<cgroup::Place> FindGroups(Host& host) {
  const Result<std::string> manager = host.engine.CgroupManager();
  if (!manager.ok()) return manager.error();
  return cgroup::FindPlace({*manager, "", false});
}

bool HasSystemd() { return sys::Exists("/run/systemd/system"); }

// What a session of the user's own would give.
Finding&& MendNowhere(Finding&& finding, const std::string& hint) {
  if (HasSystemd() && hint.find("enable-linger") != std::string::npos)
    return Mend(std::move(finding), By::kRoot, "loginctl enable-linger " + ShellWord(LoginName()));
  return Advise(std::move(finding), hint);
}

}  // namespace

Finding CheckGroups(Host& host) {
  const Result<cgroup::Place> place = FindGroups(host);
  if (!place.ok()) return Advise(Ill(State::kDegraded, "cgroups", place.error().Message(), kNoLimits), place.error().hint());
  if (!place->found()) return MendNowhere(Ill(State::kDegraded, "cgroups", place->why, kNoLimits), place->hint);
  return Well("cgroups", "version 2, managed by " + place->manager);
}

Finding CheckControllers(Host& host) {
  const Result<cgroup::Place> place = FindGroups(host);
  if (!place.ok() || !place->found()) return Ill(State::kDegraded, "controllers", "there is no control group for containers", kNoLimits);
  const std::vector<std::string> there = cgroup::ControllersOf(*place);
  std::vector<std::string> missing;
  for (const char* name : cgroup::kControllers)
    if (std::find(there.begin(), there.end(), name) == there.end()) missing.emplace_back(name);
  if (missing.empty()) return Well("controllers", Join(there, ", "));
  Finding finding = Ill(State::kDegraded, "controllers", "control groups of containers have no controller " + Join(missing, ", "),
                        "limits that need them are not applied");
  if (place->manager != cgroup::kSystemd) return Advise(std::move(finding), cgroup::HintFor(*place));
  return Mend(std::move(finding), By::kRoot,
              "mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > "
              "/etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload && systemctl restart user@" +
                  std::to_string(::geteuid()) + ".service");
}

Finding CheckRunFolder(Host& host) {
  const auto paths = host.engine.Paths();
  if (!paths.ok())
    return Required(MendAsHinted(Ill(State::kOff, "runtime-folder", paths.error().Message(), "no container can run"), paths.error().hint()));
  const std::string& folder = (*paths)->run_root;
  const Result<sys::Fd> made = sys::OpenPrivateDir(folder);
  if (!made.ok())
    return Required(Advise(Ill(State::kOff, "runtime-folder", made.error().Message(), "no container can run"),
                           "set XDG_RUNTIME_DIR to a folder of your own, or use --runroot"));
  if (folder != "/tmp/ctool-" + std::to_string(::getuid())) return Well("runtime-folder", folder);
  const char* const named = ::getenv("XDG_RUNTIME_DIR");
  const bool set = named != nullptr && *named != '\0';
  const std::string why = set ? "XDG_RUNTIME_DIR is no folder of your own" : "XDG_RUNTIME_DIR is not set";
  Finding finding = Ill(State::kDegraded, "runtime-folder", why + ": " + folder + " is used",
                        "what clears /tmp may take sockets of running containers away");
  if (HasSystemd()) return Mend(std::move(finding), By::kRoot, "loginctl enable-linger " + ShellWord(LoginName()));
  const std::string wanted = "/run/user/" + std::to_string(::geteuid());
  return Mend(std::move(finding), By::kRoot, "install -d -m 0700 -o " + std::to_string(::geteuid()) + " " + wanted);
}

Finding CheckLinger(Host&) {
  if (::geteuid() == 0) return Well("linger", "root's containers outlive sessions");
  if (!HasSystemd()) return Well("linger", "there is no systemd that would end containers at logout");
  const std::string user = LoginName();
  if (sys::Exists("/var/lib/systemd/linger/" + user)) return Well("linger", "containers of " + user + " outlive sessions");
  Finding finding = Ill(State::kDegraded, "linger", "lingering is off for " + user, "detached containers end, and their run folder goes, when you log out");
  return Mend(std::move(finding), By::kRoot, "loginctl enable-linger " + ShellWord(user));
}

}  // namespace ctool::doctor
