// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <ctime>

#include "base/text.hpp"
#include "doctor/checks_internal.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

constexpr time_t kBuilt = 1790000000;  // September 2026: no clock of a machine that runs this program is right before
constexpr rlim_t kFewFiles = 1024, kLeastFiles = 64;
constexpr int64_t kFewProcesses = 256, kFewInstances = 32, kFewNamespaces = 64;

Finding&& RaiseFiles(Finding&& finding) {
  return Mend(std::move(finding), By::kRoot,
              "mkdir -p /etc/security/limits.d && echo " + ShellWord(LoginName() + " - nofile 65536") + " > /etc/security/limits.d/ctool.conf");
}

Finding Low(const std::string& name, int64_t value, int64_t wanted, std::string consequence) {
  return Mend(Ill(State::kDegraded, "limits", name + " is " + std::to_string(value), std::move(consequence)), By::kRoot,
              SysctlCommand(name, std::to_string(wanted)));
}

std::optional<int64_t> Number(const std::string& path) {
  const std::optional<std::string> text = Sysctl(path);
  return text ? ParseInt(*text) : std::nullopt;
}

}  // namespace

Finding CheckClock(Host&) {
  const time_t now = ::time(nullptr);
  std::tm utc{};
  char text[32] = "?";
  if (::gmtime_r(&now, &utc) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  constexpr char kConsequence[] = "certificates of registries are taken for not yet, or no longer, valid";
  if (now < kBuilt)
    return Mend(Ill(State::kDegraded, "clock", std::string("it says ") + text + ", which is before this program was made", kConsequence), By::kRoot,
                "timedatectl set-ntp true");
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR && sys::Exists("/run/systemd/system"))
    return Mend(Ill(State::kDegraded, "clock", std::string("it says ") + text + ", and nothing keeps it right", kConsequence), By::kRoot,
                "timedatectl set-ntp true");
  return Well("clock", text);
}

Finding CheckLimits(Host&) {
  rlimit files{}, processes{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_NPROC, &processes);
  const std::string open = "the limit of open files is " + std::to_string(files.rlim_cur);
  if (files.rlim_cur < kLeastFiles)
    return Required(RaiseFiles(Ill(State::kOff, "limits", open, "no container can be started: " + std::to_string(kLeastFiles) + " are needed")));
  if (files.rlim_cur < kFewFiles) return RaiseFiles(Ill(State::kDegraded, "limits", open, "containers inherit it; servers in them may need more"));
  if (processes.rlim_cur != RLIM_INFINITY && static_cast<int64_t>(processes.rlim_cur) < kFewProcesses)
    return Mend(Ill(State::kDegraded, "limits", "the limit of processes is " + std::to_string(processes.rlim_cur), "all containers together may have no more"),
                By::kRoot, "mkdir -p /etc/security/limits.d && echo " + ShellWord(LoginName() + " - nproc 16384") + " > /etc/security/limits.d/ctool-nproc.conf");
  if (const auto n = Number("user/max_user_namespaces"); n && *n > 0 && *n < kFewNamespaces)
    return Low("user.max_user_namespaces", *n, 15000, "each container needs one or two user namespaces");
  if (const auto n = Number("fs/inotify/max_user_instances"); n && *n < kFewInstances)
    return Low("fs.inotify.max_user_instances", *n, 512, "logs --follow and events of several containers may fail");
  return Well("limits", std::to_string(files.rlim_cur) + " open files, " +
                            (processes.rlim_cur == RLIM_INFINITY ? "any number of" : std::to_string(processes.rlim_cur)) + " processes");
}

}  // namespace ctool::doctor
