// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/text.hpp"
#include "doctor/checks_internal.hpp"
#include "sys/child.hpp"

namespace ctool::doctor {
namespace {

constexpr char kOneId[] =
    "containers have one id: files of the image belong to you, processes can't change to another user, and services that do so (apt, nginx, postgres) fail";

// What a helper gets its privileges by; "" for nothing.
std::string PrivilegesOf(const std::string& program) {
  struct stat st {};
  if (::stat(program.c_str(), &st) != 0) return "";
  if (st.st_uid == 0 && (st.st_mode & S_ISUID) != 0) return "setuid root";
  return ::getxattr(program.c_str(), "security.capability", nullptr, 0) > 0 ? "file capabilities" : "";
}

std::string Count(const std::vector<userns::IdMapping>& mappings) {
  uint64_t all = 0;
  for (const userns::IdMapping& m : mappings) all += m.count;
  return std::to_string(all);
}

bool IsAboutHelpers(const std::string& reason) { return reason.find("newuidmap") != std::string::npos || reason.find("newgidmap") != std::string::npos; }

// The reason ends where other commands' words end; the package's name is the distribution's.
Finding HelpersMissing(const userns::IdMap& map) {
  Finding finding = Ill(State::kDegraded, "newuidmap", map.degraded_reason, kOneId);
  const bool missing = map.degraded_reason.find("not installed") != std::string::npos;
  const std::optional<std::string> install = missing ? InstallCommand("newuidmap") : std::nullopt;
  if (install) return Mend(std::move(finding), By::kRoot, *install);
  return MendAsHinted(std::move(finding), map.degraded_hint);
}

}  // namespace

Finding CheckRanges(Host& host) {
  if (!host.map.ok())
    return Required(MendAsHinted(Ill(State::kOff, "ranges", host.map.error().Message(), "no container can run"), host.map.error().hint()));
  const userns::IdMap& map = *host.map;
  if (map.single_id && !IsAboutHelpers(map.degraded_reason))
    return MendAsHinted(Ill(State::kDegraded, "ranges", map.degraded_reason, kOneId), map.degraded_hint);
  if (map.single_id) return Well("ranges", "there are some, which newuidmap can't hand out");
  return Well("ranges", Count(map.uids) + " user and " + Count(map.gids) + " group ids");
}

Finding CheckHelpers(Host& host) {
  if (!host.map.ok()) return Ill(State::kOff, "newuidmap", "the ranges can't be read", "no container can run");
  const userns::IdMap& map = *host.map;
  if (map.single_id && IsAboutHelpers(map.degraded_reason)) return HelpersMissing(map);
  if (map.single_id) {
    const Result<std::string> program = sys::FindProgram("newuidmap", sys::ProgramPath());
    if (!program.ok()) {
      Finding finding = Ill(State::kDegraded, "newuidmap", "newuidmap and newgidmap are not installed", kOneId);
      const std::optional<std::string> install = InstallCommand("newuidmap");
      return install ? Mend(std::move(finding), By::kRoot, *install) : Advise(std::move(finding), "install the package that has them");
    }
    return Well("newuidmap", *program + ", with nothing to map");
  }
  if (!host.userns) return Ill(State::kOff, "newuidmap", "there is no user namespace to try it in", "no container can run");
  const Result<int> tried = userns::RunInside(map, [] { return 0; });
  if (!tried.ok()) {
    Finding finding = Ill(State::kOff, "newuidmap", tried.error().Message(), "no container can run");
    return Required(MendAsHinted(std::move(finding), tried.error().hint()));
  }
  if (map.newuidmap.empty()) return Well("newuidmap", "not needed: this process may map ids itself");
  return Well("newuidmap", map.newuidmap + " (" + PrivilegesOf(map.newuidmap) + "), " + map.newgidmap + " (" + PrivilegesOf(map.newgidmap) + ")");
}

}  // namespace ctool::doctor
