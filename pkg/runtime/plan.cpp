// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan.hpp"

#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include <array>
#include <string_view>

#include "base/text.hpp"
#include "sys/file.hpp"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

namespace ctool::runtime {
namespace {

constexpr std::array<const char*, kLastCapability + 1> kCapabilities = {
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE"};

struct NamespaceFlag {
  std::string_view type;
  uint64_t flag;
};
constexpr NamespaceFlag kNamespaceFlags[] = {
    {"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},  {"network", CLONE_NEWNET},
    {"cgroup", CLONE_NEWCGROUP}};

// Attributes that an option sets; the last of contradicting options wins, as with mount(8).
struct AttributeOption {
  std::string_view name;
  uint64_t set, clear;
};
constexpr AttributeOption kAttributeOptions[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},         {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},     {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},       {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},     {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0}, {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"relatime", 0, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0}};

struct PropagationOption {
  std::string_view name;
  uint64_t type;
};
constexpr PropagationOption kPropagationOptions[] = {
    {"private", MS_PRIVATE}, {"slave", MS_SLAVE}, {"shared", MS_SHARED}, {"unbindable", MS_UNBINDABLE}};

// What we say to ourselves with a value.
struct TextOption {
  std::string_view name;
  std::string MountPlan::* field;
};
constexpr TextOption kTextOptions[] = {{"x-ctool-mark=", &MountPlan::mark},
                                       {"x-ctool-subpath=", &MountPlan::subpath},
                                       {"x-ctool-chown=", &MountPlan::chown},
                                       {"x-ctool-owner=", &MountPlan::owner}};

bool ApplyFlag(std::string_view option, MountPlan& plan) {
  for (const AttributeOption& a : kAttributeOptions)
    if (option == a.name) {
      plan.attributes = (plan.attributes & ~a.clear) | a.set;
      return true;
    }
  for (const PropagationOption& p : kPropagationOptions)
    if (option == p.name || (option.size() == p.name.size() + 1 && option[0] == 'r' &&
                             option.substr(1) == p.name)) {
      plan.propagation = p.type;
      plan.recursive_propagation = option != p.name;
      return true;
    }
  for (const TextOption& t : kTextOptions)
    if (StartsWith(option, t.name)) {
      plan.*t.field = option.substr(t.name.size());
      return true;
    }
  if (plan.kind == MountPlan::Kind::kOverlay && StartsWith(option, "lowerdir+=") && plan.destination != "/") {
    plan.lower.emplace_back(option.substr(sizeof("lowerdir+=") - 1));
    return true;
  }
  if (option == "bind" || option == "rbind") {
    plan.kind = MountPlan::Kind::kBind;
    plan.recursive = option[0] == 'r';
  } else if (option == "tmpcopyup" || option == "x-ctool-copyup") {
    plan.copy_up = true;
  } else if (option == "x-ctool-joined") {
    plan.joined = true;
  } else if (option == "x-ctool-own") {
    plan.own_directory = true;
  } else if (option == "x-ctool-optional") {
    plan.optional = true;
  } else if (option != "defaults") {
    return false;
  }
  return true;
}

Result<uint64_t> CapabilityMask(const std::vector<std::string>& names) {
  uint64_t mask = 0;
  for (const std::string& name : names) {
    const std::optional<int> bit = CapabilityBit(name);
    if (!bit) return Error(Code::kInvalidArgument, "unknown capability " + Quote(name));
    mask |= uint64_t{1} << *bit;
  }
  return mask;
}

}  // namespace

std::optional<int> CapabilityBit(std::string_view name) {
  std::string full = ToLower(name);
  if (!StartsWith(full, "cap_")) full = "cap_" + full;
  for (int bit = 0; bit <= kLastCapability; ++bit)
    if (ToLower(kCapabilities[static_cast<size_t>(bit)]) == full) return bit;
  return std::nullopt;
}

const char* CapabilityName(int bit) { return kCapabilities[static_cast<size_t>(bit)]; }

Result<MountPlan> PlanMount(const spec::RuntimeMount& mount) {
  MountPlan plan;
  plan.destination = mount.destination;
  plan.source = mount.source;
  plan.type = mount.type;
  if (mount.destination.empty() || mount.destination[0] != '/')
    return Error(Code::kInvalidArgument,
                 "mount destination " + Quote(mount.destination) + " is not an absolute path");
  if (mount.type == "bind") plan.kind = MountPlan::Kind::kBind, plan.recursive = true;
  if (mount.type == "overlay") plan.kind = MountPlan::Kind::kOverlay;
  for (const std::string& option : mount.options) {
    if (ApplyFlag(option, plan)) continue;
    if (plan.kind == MountPlan::Kind::kBind)
      return Error(Code::kInvalidArgument, "unknown mount option " + Quote(option) + " for " +
                                               Quote(mount.destination));
    const size_t equals = option.find('=');
    plan.data.emplace_back(option.substr(0, equals),
                           equals == std::string::npos ? "" : option.substr(equals + 1));
  }
  // Files are made in it first (init/devices.cpp).
  if (plan.destination == "/dev" && plan.kind == MountPlan::Kind::kFilesystem) {
    plan.readonly_later = (plan.attributes & MOUNT_ATTR_RDONLY) != 0;
    plan.attributes &= ~static_cast<uint64_t>(MOUNT_ATTR_RDONLY);
  }
  if (plan.kind == MountPlan::Kind::kBind && (plan.source.empty() || plan.source[0] != '/'))
    return Error(Code::kInvalidArgument, "source " + Quote(plan.source) + " of the mount at " +
                                             Quote(plan.destination) + " is not an absolute path");
  return plan;
}

Result<InitPlan> BuildPlan(spec::RuntimeSpec spec) {
  InitPlan plan;
  plan.mounts.reserve(spec.mounts.size());
  for (const spec::RuntimeMount& mount : spec.mounts) plan.mounts.push_back(TRY(PlanMount(mount)));
  for (const spec::LinuxNamespace& ns : spec.namespaces) {
    const NamespaceFlag* known = nullptr;
    for (const NamespaceFlag& flag : kNamespaceFlags)
      if (flag.type == ns.type) known = &flag;
    if (known == nullptr)
      return Error(Code::kInvalidArgument, "unknown namespace type " + Quote(ns.type));
    (ns.path.empty() ? plan.namespaces : plan.joined) |= known->flag;
  }
  const bool user = ((plan.namespaces | plan.joined) & CLONE_NEWUSER) != 0;
  if (!user || (plan.namespaces & CLONE_NEWNS) == 0)
    return Error(Code::kUnsupported, "a container needs a user namespace, and a mount namespace of its own");
  if (spec.process.args.empty())
    return Error(Code::kNoCommand, "no command: neither the image nor the command line names one");
  const spec::CapabilitySets& caps = spec.process.capabilities;
  plan.bounding = TRY(CapabilityMask(caps.bounding));
  plan.effective = TRY(CapabilityMask(caps.effective));
  plan.permitted = TRY(CapabilityMask(caps.permitted));
  plan.inheritable = TRY(CapabilityMask(caps.inheritable));
  plan.ambient = TRY(CapabilityMask(caps.ambient));
  const std::string filter = spec.Annotation(kSeccompAnnotation);
  if (!filter.empty()) {
    // 8 bytes an instruction, and the kernel takes 4096 of them (BPF_MAXINSNS).
    plan.seccomp = TRY_CTX("reading the seccomp filter", sys::ReadFile(filter, 4096 * 8));
    if (plan.seccomp.empty() || plan.seccomp.size() % 8 != 0)
      return Error(Code::kCorrupt, "'" + filter + "' is not a seccomp filter");
  }
  TRY(plan.landlock.Add(spec.Annotation(kLandlockAnnotation)));
  plan.seccomp_listener = !spec.Annotation(kListenerAnnotation).empty();
  plan.session_keyring = "_ses." + spec.Annotation(kIdAnnotation).substr(0, 12);
  plan.spec = std::move(spec);
  return plan;
}

}  // namespace ctool::runtime
