// SPDX-License-Identifier: Apache-2.0
//
// Namespaces of others: --pid, --ipc, --uts, --cgroupns and --network with container:NAME or ns:PATH.
#include "engine/namespace_join_internal.hpp"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/containers.hpp"
#include "engine/sandbox_internal.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr std::string_view kContainer = "container:", kPath = "ns:";

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

std::string OptionOf(const NamespaceMode& ns) {
  return std::string("--") + (ns.flag == CLONE_NEWCGROUP ? "cgroupns" : ns.flag == CLONE_NEWNET ? "network" : ns.type);
}

// What the other one calls the host's is the host's here as well: nobody is asked to enter it.
bool IsHosts(const NamespaceMode& ns, const ContainerSpec& theirs) {
  const std::string& mode = theirs.*ns.mode;
  return mode == "host" || (ns.flag == CLONE_NEWUTS && mode.empty() && theirs.network_mode == "host");
}

Status FoldContainer(Engine& engine, const NamespaceMode& ns, const std::string& name, ContainerSpec& spec) {
  const state::Container owner = TRY(FindContainer(engine, name));
  const ContainerSpec theirs = TRY(ContainerSpec::Parse(owner.spec));
  if (ns.flag == CLONE_NEWIPC && (theirs.ipc_mode == "private" || theirs.ipc_mode == "none"))
    return Invalid("joining IPC of container " + owner.id +
                   " is not allowed: non-shareable IPC (hint: use IpcMode:shareable for the donor container)");
  if (std::find(spec.dependencies.begin(), spec.dependencies.end(), owner.id) == spec.dependencies.end())
    spec.dependencies.push_back(owner.id);
  if (ns.flag == CLONE_NEWUTS) spec.hostname = theirs.hostname;
  spec.*ns.mode = IsHosts(ns, theirs) ? "host" : std::string(kContainer) + owner.id;
  return Ok();
}

Status FoldMode(Engine& engine, const NamespaceMode& ns, const std::string& typed, std::initializer_list<std::string_view> known,
                ContainerSpec& spec) {
  const size_t colon = typed.find(':');
  const std::string word = typed.substr(0, colon), rest = colon == std::string::npos ? "" : typed.substr(colon + 1);
  const std::string option = OptionOf(ns) + "=" + Printable(typed);
  if (colon == std::string::npos && std::find(known.begin(), known.end(), word) != known.end()) {
    spec.*ns.mode = word;
    return Ok();
  }
  if (word == "pod") return Error(Code::kUnsupported, option + " is not supported: there are no pods");
  if (word != "container" && word != "ns") return Invalid("unrecognized namespace mode " + Printable(typed) + " passed");
  if (rest.empty()) return Invalid(option + " names nothing: it is " + word + (word == "ns" ? ":PATH" : ":CONTAINER"));
  if (word == "container") return FoldContainer(engine, ns, rest, spec);
  if (rest[0] != '/') return Invalid("namespace " + Quote(rest) + " is not an absolute path");
  spec.*ns.mode = typed;
  return Ok();
}

// A process whose namespaces are entered, and which of them.
struct Donor {
  std::string id;
  uint64_t types = 0;
};

// The first one's user namespace is entered, unless one was asked for by name. A container with a map of its own gets a user
// namespace below it, else it is in the same one.
Status JoinContainer(Engine& engine, const ContainerSpec& spec, const Donor& donor, monitor::Sandbox& sandbox, SandboxOrigin& origin) {
  LiveProcess live = TRY(RunningOwner(engine, donor.id, donor.types == CLONE_NEWNET ? "network" : "namespaces"));
  const bool first = sandbox.joined.empty();
  if (first && spec.id_mappings.empty()) TakeMap(TRY(userns::MapOf(live.status.pid)), sandbox);
  else if (first) sandbox.below = TRY(userns::MapBelow(sandbox.map, live.status.pid));
  sandbox.joined.push_back({donor.types | (first ? uint64_t{CLONE_NEWUSER} : 0)});
  origin.descriptors.push_back(std::move(live.pidfd));
  return Ok();
}

// A file of the nsfs, such as /proc/PID/ns/net, and the user namespace that owns it, which has to be ours to enter. That is
// entered first, unless another container's is.
Status JoinPath(const NamespaceMode& ns, const std::string& path, monitor::Sandbox& sandbox, SandboxOrigin& origin) {
  sys::Fd file = TRY(sys::Open(path, O_RDONLY));
  if (::ioctl(file.get(), NS_GET_NSTYPE) != static_cast<int>(ns.flag))
    return Invalid("'" + path + "' is not a " + ns.type + " namespace");
  sys::Fd user(::ioctl(file.get(), NS_GET_USERNS));
  if (!user)
    return Error::Sys(errno, std::string("find the owner of ") + ns.type + " namespace", path).Hint("it has to belong to a user namespace that you have made");
  struct stat theirs {}, ours {};
  const bool same = ::fstat(user.get(), &theirs) == 0 && ::stat("/proc/self/ns/user", &ours) == 0 && theirs.st_ino == ours.st_ino;
  // Root of it (`ctool unshare`) goes on to the namespace; others would need to be.
  if (same && ::geteuid() != 0)
    return Error(Code::kUnsupported, std::string(ns.type) + " namespace '" + path + "' belongs to the host: a container of yours can't enter it")
        .Hint("make it inside 'ctool unshare', or use " + OptionOf(ns) + "=host");
  if (sandbox.joined.empty()) {
    sandbox.joined.push_back({0});
    origin.descriptors.push_back(std::move(user));
  }
  sandbox.joined.push_back({0});
  origin.descriptors.push_back(std::move(file));
  return Ok();
}

}  // namespace

const std::vector<NamespaceMode>& NamespaceModes() {
  static const std::vector<NamespaceMode> kModes = {{CLONE_NEWNET, "network", &ContainerSpec::network_mode},
                                                    {CLONE_NEWPID, "pid", &ContainerSpec::pid_mode},
                                                    {CLONE_NEWIPC, "ipc", &ContainerSpec::ipc_mode},
                                                    {CLONE_NEWUTS, "uts", &ContainerSpec::uts_mode},
                                                    {CLONE_NEWCGROUP, "cgroup", &ContainerSpec::cgroupns_mode}};
  return kModes;
}

bool IsShared(const std::string& mode) { return StartsWith(mode, kContainer) || StartsWith(mode, kPath); }

uint64_t SharedNamespaces(const ContainerSpec& spec) {
  uint64_t flags = 0;
  for (const NamespaceMode& ns : NamespaceModes())
    if (IsShared(spec.*ns.mode)) flags |= ns.flag;
  return flags;
}

Status FoldNamespaces(Engine& engine, const CreateOptions& o, ContainerSpec& spec) {
  for (const NamespaceMode& ns : NamespaceModes()) {
    switch (ns.flag) {
      case CLONE_NEWPID: TRY(FoldMode(engine, ns, o.pid, {"", "private", "host"}, spec)); break;
      case CLONE_NEWIPC: TRY(FoldMode(engine, ns, o.ipc, {"", "private", "shareable", "none", "host"}, spec)); break;
      case CLONE_NEWUTS: TRY(FoldMode(engine, ns, o.uts, {"", "private", "host"}, spec)); break;
      case CLONE_NEWCGROUP: TRY(FoldMode(engine, ns, o.cgroupns, {"", "private", "host"}, spec)); break;
      default: break;  // the network is more than a namespace (fold_network.cpp)
    }
  }
  if (o.hostname && IsShared(spec.uts_mode))
    return Invalid("cannot set hostname when joining another container's UTS namespace: the name is that of its owner");
  return Ok();
}

Status JoinOthers(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin) {
  if (spec.network_mode == "bridge")
    return Error(Code::kUnsupported, "a container on bridge networks cannot share another's namespaces")
        .Hint("share the network as well (--network container:NAME), or use another network");
  std::vector<Donor> donors;
  for (const NamespaceMode& ns : NamespaceModes()) {
    const std::string& mode = spec.*ns.mode;
    if (!StartsWith(mode, kContainer)) continue;
    const std::string id = mode.substr(kContainer.size());
    auto donor = std::find_if(donors.begin(), donors.end(), [&](const Donor& d) { return d.id == id; });
    if (donor == donors.end()) donor = donors.insert(donors.end(), {id, 0});
    donor->types |= ns.flag;
  }
  for (const Donor& donor : donors) TRY(JoinContainer(engine, spec, donor, sandbox, origin));
  for (const NamespaceMode& ns : NamespaceModes())
    if (StartsWith(spec.*ns.mode, kPath)) TRY(JoinPath(ns, (spec.*ns.mode).substr(kPath.size()), sandbox, origin));
  return Ok();
}

}  // namespace ctool::engine
