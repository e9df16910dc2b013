// SPDX-License-Identifier: Apache-2.0
#include "cgroup/place.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "cgroup/group.hpp"
#include "sys/file.hpp"

namespace ctool::cgroup {
namespace {

constexpr char kRootParent[] = "/libpod_parent";  // podman's, for root

bool IsUnified() {
  struct statfs fs {};
  return ::statfs(kMount, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

bool MayWrite(const std::string& path) { return ::access(path.c_str(), W_OK) == 0; }

// Delegated to us: groups can be made in it, and processes put into them.
bool IsOurs(const std::string& path) {
  const std::string folder = kMount + path;
  return MayWrite(folder) && MayWrite(folder + "/cgroup.procs") && MayWrite(folder + "/cgroup.subtree_control");
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// The user's systemd, which answers on a socket of its own without any D-Bus daemon; root's is the machine's.
std::string SystemdSocket() {
  if (::geteuid() == 0) return ::access("/run/systemd/system", F_OK) == 0 && MayWrite("/run/systemd/private") ? "/run/systemd/private" : "";
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = runtime != nullptr && *runtime == '/' ? runtime : "/run/user/" + std::to_string(::geteuid());
  std::string socket = folder + "/systemd/private";
  struct stat st {};
  return ::stat(socket.c_str(), &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == ::geteuid() ? socket : "";
}

// The group beside our own where it is ours: it has no processes itself, or can do without, which is what controllers ask
// for. Else our own, in which a container can be frozen, killed and measured.
std::string DelegatedParent(const std::string& own) {
  if (own.empty()) return "";
  if (own == "/") return IsOurs(own) ? kRootParent : "";
  const std::string above = ParentOf(own);
  if (above != "/" && IsOurs(above)) return above;
  return IsOurs(own) ? own : "";
}

Place Nowhere(std::string why, std::string hint) {
  Place place;
  place.why = std::move(why);
  place.hint = std::move(hint);
  return place;
}

Result<Place> SystemdPlace(const Wish& wish, std::string socket) {
  if (!wish.parent.empty() && !EndsWith(wish.parent, ".slice"))
    return Error(Code::kInvalidArgument, "did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument");
  Place place;
  place.manager = kSystemd;
  place.socket = std::move(socket);
  const size_t slash = wish.parent.rfind('/');
  place.slice = !wish.parent.empty() ? wish.parent.substr(slash == std::string::npos ? 0 : slash + 1)
                                     : ::geteuid() == 0 ? "machine.slice" : "user.slice";
  return place;
}

}  // namespace

Result<Place> FindPlace(const Wish& wish) {
  const bool slice = EndsWith(wish.parent, ".slice");
  if (wish.manager == kCgroupfs && slice)
    return Error(Code::kInvalidArgument, "systemd slice received as cgroup parent when using cgroupfs: invalid argument");
  if (!IsUnified())
    return Nowhere("this machine's control groups are version 1, in whole or in part",
                   "boot it with systemd.unified_cgroup_hierarchy=1 on the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub)");
  if (wish.manager != kCgroupfs && !wish.split) {
    std::string socket = SystemdSocket();
    if (!socket.empty()) return SystemdPlace(wish, std::move(socket));
  }
  const std::string own = GroupOf(0);
  Place place;
  place.parent = wish.split ? (IsOurs(own) ? own : "") : DelegatedParent(own);
  if (StartsWith(wish.parent, "/")) place.parent = wish.parent;
  else if (!wish.parent.empty() && !slice && !place.parent.empty()) place.parent += "/" + wish.parent;
  if (("/" + wish.parent + "/").find("/../") != std::string::npos)
    return Error(Code::kInvalidArgument, "invalid --cgroup-parent " + Quote(wish.parent) + ": it leads out of the control groups");
  if (place.parent.empty())
    return Nowhere("no systemd of this user runs, and the control group " + (own.empty() ? "/" : own) + " is not delegated to the user",
                   "log in with a session of your own (loginctl enable-linger " + std::to_string(::geteuid()) +
                       " keeps a systemd for it), or run this by systemd-run --scope -p Delegate=yes");
  place.manager = kCgroupfs;
  return place;
}

std::vector<std::string> ControllersOf(const Place& place) {
  if (place.manager == kCgroupfs) return Group(place.parent).Controllers();
  if (place.manager != kSystemd) return {};
  if (::geteuid() == 0) return Group("/").Controllers();
  const std::string uid = std::to_string(::geteuid());
  return Group("/user.slice/user-" + uid + ".slice/user@" + uid + ".service").Controllers();
}

std::string HintFor(const Place& place) {
  if (place.manager == kSystemd)
    return "an administrator delegates it: \"[Service]\" and \"Delegate=cpu cpuset io memory pids\" in /etc/systemd/system/user@.service.d/delegate.conf, "
           "then systemctl daemon-reload, and log in again";
  return "it must be in " + Group(place.parent).File("cgroup.subtree_control") +
         ": who has delegated that control group enables it there, and no process may be in the group itself";
}

void EnableBelow(const std::string& parent) {
  std::vector<std::string> chain = {parent};
  while (chain.back() != "/") {
    std::string above = ParentOf(chain.back());
    if (!MayWrite(kMount + above + "/cgroup.subtree_control")) break;
    chain.push_back(std::move(above));
  }
  const std::vector<std::string> wanted(std::begin(kControllers), std::end(kControllers));
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) Group(*it).Enable(wanted);
}

}  // namespace ctool::cgroup
