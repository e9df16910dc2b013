// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/text.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/container_secrets_internal.hpp"
#include "engine/host_devices_internal.hpp"
#include "engine/namespace_join_internal.hpp"
#include "engine/runtime_mounts_internal.hpp"
#include "engine/sandbox_internal.hpp"
#include "runtime/plan.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Mounts = std::vector<spec::RuntimeMount>;

class MountList {
 public:
  explicit MountList(const ContainerSpec& spec) : spec_(spec) {}

  // A default gives way to what the user mounts at the same place.
  void AddDefault(std::string destination, std::string type, std::string source,
                  std::vector<std::string> options) {
    const bool taken = std::any_of(spec_.mounts.begin(), spec_.mounts.end(),
                                   [&](const ContainerMount& m) { return m.destination == destination; });
    if (!taken) Add(std::move(destination), std::move(type), std::move(source), std::move(options));
  }
  void Add(std::string destination, std::string type, std::string source,
           std::vector<std::string> options) {
    mounts_.push_back({std::move(destination), std::move(type), std::move(source), std::move(options)});
  }
  void AddAll(Mounts mounts) { mounts_.insert(mounts_.end(), std::make_move_iterator(mounts.begin()), std::make_move_iterator(mounts.end())); }
  Mounts Take() { return std::move(mounts_); }

 private:
  const ContainerSpec& spec_;
  Mounts mounts_;
};

// A folder, and no overlay: a copy of the image, or what --rootfs names.
bool Plain(const ContainerSpec& spec, const ContainerFiles& files) {
  return (!spec.rootfs.empty() && !spec.rootfs_overlay) || sys::Exists(files.Rootfs());
}

void AddRoot(const ContainerSpec& spec, const ContainerFiles& files, MountList& list) {
  if (Plain(spec, files)) return;
  std::vector<std::string> options;
  for (const std::string& layer : spec.layers) options.push_back("lowerdir+=" + layer);
  options.push_back("upperdir=" + files.Upper());
  options.push_back("workdir=" + files.Work());
  // Marks live in user.*; renames of folders and sparse copies would leave marks that a layer
  // made from the upper folder can't hold.
  options.emplace_back("userxattr");
  // Nothing of an --rm container is wanted after a crash of the machine: no syncs for it.
  if (spec.auto_remove) options.emplace_back("volatile");
  list.Add("/", "overlay", "overlay", std::move(options));
}

// Without memory to write to, none of the file systems in memory is writable.
bool ReadonlyDev(const ContainerSpec& spec) { return spec.read_only && !spec.read_only_tmpfs; }

// What belongs to the IPC namespace. Where that is another's, so are the files.
void AddIpc(const ContainerSpec& spec, MountList& list) {
  const bool host = spec.ipc_mode == "host";
  // A container that has no limit of its own gets the host's.
  const auto shared = [&](const std::string& path) {
    list.AddDefault(path, "bind", path, {"rbind", "rprivate", "nosuid", "noexec", "nodev", "x-ctool-optional"});
  };
  if (host) shared("/dev/mqueue");
  else list.AddDefault("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
  if (spec.ipc_mode == "none") return;
  if (host) return shared("/dev/shm");
  std::vector<std::string> options = {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(spec.shm_size)};
  if (ReadonlyDev(spec)) options.emplace_back("ro");
  if (StartsWith(spec.ipc_mode, "container:")) options.emplace_back("x-ctool-joined");
  list.AddDefault("/dev/shm", "tmpfs", "shm", std::move(options));
}

// The golden table of podman's mounts.
void AddSystem(const ContainerSpec& spec, const userns::IdMap& map, MountList& list) {
  const bool host_net = spec.network_mode == "host";
  std::vector<std::string> proc = {"nosuid", "nodev", "noexec"};
  proc.insert(proc.end(), spec.proc_options.begin(), spec.proc_options.end());
  list.Add("/proc", "proc", "proc", std::move(proc));
  std::vector<std::string> dev = {"nosuid", "noexec", "strictatime", "mode=755", "size=65536k"};
  if (ReadonlyDev(spec)) dev.emplace_back("ro");
  list.AddDefault("/dev", "tmpfs", "tmpfs", std::move(dev));
  std::vector<std::string> pts = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
  if (userns::MapsInside(map.gids, 5)) pts.emplace_back("gid=5");
  list.Add("/dev/pts", "devpts", "devpts", std::move(pts));
  AddIpc(spec, list);
  const char* access = spec.privileged ? "rw" : "ro";
  const char* groups_access = spec.privileged || spec.systemd || spec.cgroups_writable ? "rw" : "ro";
  if (host_net)
    list.Add("/sys", "bind", "/sys", {"rbind", "nosuid", "noexec", "nodev", access, "rslave"});
  else
    list.Add("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access});
  if (!host_net)
    list.Add("/sys/fs/cgroup", "cgroup2", "cgroup", {"nosuid", "noexec", "nodev", groups_access, "x-ctool-optional"});
}

void AddTmpfsOfReadonly(const ContainerSpec& spec, MountList& list) {
  if (!spec.read_only || !spec.read_only_tmpfs) return;
  for (const std::string path : {"/run", "/tmp", "/var/tmp"})
    if (!spec.systemd || path == "/var/tmp")
      list.AddDefault(path, "tmpfs", "tmpfs", {"rw", "nosuid", "nodev", "tmpcopyup"});
}

// What systemd writes to.
void AddTmpfsOfSystemd(const ContainerSpec& spec, MountList& list) {
  if (!spec.systemd) return;
  std::vector<std::string> options = {"rw", "nosuid", "nodev", "tmpcopyup"};
  if (spec.shm_size_systemd > 0) options.push_back("size=" + std::to_string(spec.shm_size_systemd));
  for (const char* path : {"/run", "/run/lock", "/tmp", "/var/log/journal"}) list.AddDefault(path, "tmpfs", "tmpfs", options);
}

std::string ZoneFile(const std::string& timezone) {
  return timezone == "local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + timezone;
}

void AddFiles(const ContainerSpec& spec, const ContainerFiles& files, const std::string& init_program,
              MountList& list) {
  const auto bind = [&](const char* destination, const std::string& file) {
    list.AddDefault(destination, "bind", file, {"bind", "rprivate", "nosuid", "nodev"});
  };
  // In each of --chrootdirs too.
  const auto bind_all = [&](const char* destination, const std::string& file) {
    bind(destination, file);
    for (const std::string& folder : spec.chrootdirs) bind((folder + destination).c_str(), file);
  };
  const bool no_dns = std::find(spec.dns.begin(), spec.dns.end(), "none") != spec.dns.end();
  if (!no_dns) bind_all("/etc/resolv.conf", files.bundle + "/resolv.conf");
  if (!spec.no_hosts) bind_all("/etc/hosts", files.bundle + "/hosts");
  if (!spec.no_hostname) bind_all("/etc/hostname", files.bundle + "/hostname");
  // A host without the file is at UTC, and so is an image.
  const bool zone = !spec.timezone.empty() && (spec.timezone != "local" || sys::Exists("/etc/localtime"));
  if (zone) bind("/etc/localtime", ZoneFile(spec.timezone));
  const bool own_run = std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const ContainerMount& m) {
    return m.destination == "/run" && m.type != "tmpfs";
  });
  if (!own_run) bind("/run/.containerenv", files.bundle + "/containerenv");
  if (spec.init) list.Add("/run/podman-init", "bind", init_program, {"bind", "rprivate", "ro", "nosuid", "nodev"});
}

// A user namespace can't make nodes, so the host's are bound; one that is gone by then is no loss.
void AddHostDevices(const ContainerSpec& spec, MountList& list) {
  if (!spec.privileged) return;
  constexpr std::string_view kMadeByInit[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
  for (const std::string& device : HostDevices("/dev"))
    if (std::find(std::begin(kMadeByInit), std::end(kMadeByInit), device) == std::end(kMadeByInit))
      list.AddDefault(device, "bind", device, {"bind", "rprivate", "nosuid", "noexec", "x-ctool-optional"});
}

// What is written to the container's accounts, and where.
void AddAccounts(const ContainerSpec& spec, const ContainerFiles& files, spec::RuntimeSpec& out) {
  out.annotations[runtime::kPasswdAnnotation] = files.bundle + "/passwd";
  out.annotations[runtime::kGroupAnnotation] = files.bundle + "/group";
  if (!spec.host_users.empty()) out.annotations[runtime::kHostUsersAnnotation] = Join(spec.host_users, "\n");
  if (!spec.passwd_entry.empty()) out.annotations[runtime::kPasswdEntryAnnotation] = spec.passwd_entry;
  if (!spec.group_entry.empty()) out.annotations[runtime::kGroupEntryAnnotation] = spec.group_entry;
}

void SetIds(const userns::IdMap& map, spec::RuntimeSpec& out) {
  for (const userns::IdMapping& m : map.uids) out.uid_mappings.push_back({m.inside, m.outside, m.count});
  for (const userns::IdMapping& m : map.gids) out.gid_mappings.push_back({m.inside, m.outside, m.count});
}

}  // namespace

void SetNamespaces(const ContainerSpec& spec, spec::RuntimeSpec& out) {
  const uint64_t flags = NamespacesOf(spec);
  for (const auto& [flag, type] : {std::pair<uint64_t, const char*>(CLONE_NEWUSER, "user"), {CLONE_NEWNS, "mount"},
                                   {CLONE_NEWPID, "pid"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"},
                                   {CLONE_NEWNET, "network"}, {CLONE_NEWCGROUP, "cgroup"}})
    if ((flags & flag) != 0) out.namespaces.push_back({type, ""});
  // Joined by descriptors; the paths tell who reads the file.
  std::string owner = SharesUsers(spec) ? spec.userns_mode : "";
  for (const NamespaceMode& ns : NamespaceModes()) {
    if (!IsShared(spec.*ns.mode)) continue;
    out.namespaces.push_back({ns.type, spec.*ns.mode});
    if (owner.empty()) owner = spec.*ns.mode;
  }
  if ((flags & CLONE_NEWUSER) == 0) out.namespaces.push_back({"user", owner});
}

spec::RuntimeProcess ProcessOf(const ContainerSpec& spec) {
  spec::RuntimeProcess p;
  p.terminal = spec.tty;
  p.args = spec.Argv();
  p.env = spec.env;
  p.cwd = spec.working_dir;
  p.capabilities.bounding = p.capabilities.effective = p.capabilities.permitted = spec.bounding;
  p.capabilities.ambient = spec.ambient;
  p.rlimits = spec.rlimits;
  p.no_new_privileges = spec.no_new_privileges;
  p.apparmor_profile = spec.apparmor;
  p.selinux_label = spec.selinux;
  p.oom_score_adj = spec.oom_score_adj;
  p.umask = static_cast<uint32_t>(std::strtoul(spec.umask.c_str(), nullptr, 8));
  return p;
}

Result<spec::RuntimeSpec> MakeRuntimeSpec(const ContainerSpec& spec, const ContainerFiles& files,
                                          const userns::IdMap& map, const std::string& volumes_dir,
                                          const std::string& init_program) {
  spec::RuntimeSpec out;
  const bool folder = !spec.rootfs.empty() && !spec.rootfs_overlay;
  out.root_path = folder ? spec.rootfs : Plain(spec, files) ? files.Rootfs() : files.Merged();
  out.root_readonly = spec.read_only;
  out.hostname = spec.hostname;
  out.process = ProcessOf(spec);
  std::vector<std::string>& args = out.process.args;
  if (spec.init) args.insert(args.begin(), {"/run/podman-init", "--"});
  SetIds(map, out);
  SetNamespaces(spec, out);
  MountList list(spec);
  AddRoot(spec, files, list);
  AddSystem(spec, map, list);
  AddHostDevices(spec, list);
  AddTmpfsOfSystemd(spec, list);
  AddTmpfsOfReadonly(spec, list);
  list.AddAll(TRY(UserMounts(spec, files, volumes_dir)));
  AddFiles(spec, files, init_program, list);
  list.AddAll(SecretMounts(spec, files));
  out.mounts = list.Take();
  out.masked_paths = spec.masked_paths;
  out.readonly_paths = spec.readonly_paths;
  out.sysctl = spec.sysctls;
  out.annotations = spec.annotations;
  out.annotations[runtime::kIdAnnotation] = spec.id;
  out.annotations[runtime::kUserAnnotation] = spec.user;
  if (!spec.landlock.empty()) out.annotations[runtime::kLandlockAnnotation] = spec.landlock;
  if (spec.passwd) AddAccounts(spec, files, out);
  out.personality = spec.personality;
  if (!spec.group_add.empty()) out.annotations[runtime::kGroupAddAnnotation] = Join(spec.group_add, " ");
  if (spec.keep_groups) out.annotations[runtime::kKeepGroupsAnnotation] = "1";
  if (spec.create_working_dir) out.annotations[runtime::kCreateCwdAnnotation] = "1";
  if (const char* forced = std::getenv("CTOOL_OVERLAY"); forced != nullptr && std::string_view(forced) == "fuse")
    out.annotations[runtime::kOverlayAnnotation] = "fuse";
  return out;
}

}  // namespace ctool::engine
