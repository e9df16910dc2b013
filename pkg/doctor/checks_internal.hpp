// SPDX-License-Identifier: Apache-2.0
//
// The checks: each looks at one thing and says what it found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/containers_conf.hpp"
#include "doctor/doctor.hpp"
#include "engine/engine.hpp"
#include "userns/userns.hpp"

namespace ctool::doctor {

// What several checks go by, found out once.
struct Host {
  engine::Engine& engine;
  config::ContainersConf conf;  // empty when it can't be read: a check of its own says so
  Result<userns::IdMap> map = userns::IdMap{};
  bool userns = false;          // the trial below went well
  std::string backend;          // the network of `run` without --network: slirp4netns, pasta, or none
};

Finding Well(std::string check, std::string reason);
Finding Ill(State state, std::string check, std::string reason, std::string consequence);
// A command to be typed, by whom; or a sentence.
enum class By { kRoot, kUser };
Finding&& Mend(Finding&& finding, By by, std::string command);
Finding&& Advise(Finding&& finding, std::string sentence);
// A hint of this program's errors: "as root: COMMAND", or a sentence.
Finding&& MendAsHinted(Finding&& finding, std::string hint);
Finding&& Required(Finding&& finding);

// kernel.cpp
Finding CheckKernel(Host& host);
Finding CheckUserNamespaces(Host& host);  // fills in host.userns
Finding CheckAppArmor(Host& host);
Finding CheckSystemCalls(Host& host);
Finding CheckProc(Host& host);
// programs.cpp
Finding CheckPrograms(Host& host);
Finding CheckConfiguration(Host& host);
// ids.cpp
Finding CheckRanges(Host& host);
Finding CheckHelpers(Host& host);
// store.cpp
Finding CheckStore(Host& host);
Finding CheckSpace(Host& host);
Finding CheckOverlay(Host& host);
Finding CheckFuse(Host& host);
// groups.cpp
Finding CheckGroups(Host& host);
Finding CheckControllers(Host& host);
Finding CheckRunFolder(Host& host);
Finding CheckLinger(Host& host);
// network.cpp
Finding CheckTun(Host& host);
Finding CheckSlirp(Host& host);
Finding CheckPasta(Host& host);
Finding CheckNetavark(Host& host);
Finding CheckAardvark(Host& host);
Finding CheckPorts(Host& host);
// limits.cpp
Finding CheckClock(Host& host);
Finding CheckLimits(Host& host);

// trial.cpp
// The system calls that an outer seccomp filter (or an old kernel) takes away.
struct Refusals {
  std::vector<std::string> needed;    // nothing can be done without
  std::vector<std::string> replaced;  // done in another way, or done without
};
Refusals RefusedCalls();

// packages.cpp
// "apt-get install -y uidmap": the command for the package that has `what` on this distribution, nothing when the
// distribution is not known.
std::optional<std::string> InstallCommand(const std::string& what);
std::optional<std::string> InstallCommandFor(std::string_view os_release, const std::string& what);

// apparmor.cpp
// The text of a profile that lets the program at `path` make user namespaces, and the command that loads it.
std::string AppArmorProfile(std::string_view path);
std::string AppArmorCommand(std::string_view path);

// A value below /proc/sys, trimmed; nothing when this kernel has none.
std::optional<std::string> Sysctl(const std::string& path);
// The command that sets one now and at each boot.
std::string SysctlCommand(const std::string& name, const std::string& value);
std::string LoginName();
// 'word' as one word of a shell.
std::string ShellWord(std::string_view word);

// reach.cpp: whether names and registries can be reached. It works in the background from Begin to Findings.
class Reach {
 public:
  static Reach Begin();
  std::vector<Finding> Findings();  // dns, registry
  Reach(Reach&&) noexcept = default;
  ~Reach();

 private:
  struct Probe {
    std::string host;  // as configured
    std::string name;  // what is looked up: a proxy's, perhaps
    std::string port;
    std::string via;  // the proxy, for the words
    pid_t pid = -1;
    sys::Fd answer;
    bool resolved = false, connected = false, silent = false;
    std::string error;
  };
  Reach() = default;
  void Start(Probe& probe);
  void Collect(Probe& probe, int64_t deadline);
  std::vector<Probe> probes_;
};

}  // namespace ctool::doctor
