// SPDX-License-Identifier: Apache-2.0
//
// "HostConfig": what was asked of the host. podman's field names are docker's; those of features
// that do not exist here are there, empty, because scripts and templates name them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "engine/group.hpp"
#include "engine/inspect_internal.hpp"
#include "runtime/plan.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

bool Has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "SRC:DST:rw,nosuid,...", of what -v and --mount asked for.
Json Binds(const ContainerSpec& spec) {
  Json out = Json::array();
  for (const ContainerMount& m : spec.mounts) {
    if ((m.type != "bind" && m.type != "volume") || IsDeviceMount(spec, m)) continue;
    std::vector<std::string> options = m.options;
    if (!Has(options, "ro") && !Has(options, "rw")) options.insert(options.begin(), "rw");
    out.push_back((m.type == "volume" ? m.name : m.source) + ":" + m.destination + ":" +
                  Join(options, ","));
  }
  return out;
}

// What was typed, then "rw" and the propagation, and behind them what is always there.
std::vector<std::string> TmpfsOptions(std::vector<std::string> options) {
  const auto always = std::find_if(options.begin(), options.end(), [](const std::string& o) {
    return o == "nosuid" || o == "nodev" || o == "noexec" || o == "tmpcopyup";
  });
  const auto at = options.insert(always, "rprivate");
  if (!Has(options, "ro") && !Has(options, "rw")) options.insert(at, "rw");
  return options;
}

Json Tmpfs(const ContainerSpec& spec) {
  Json out = Json::object();
  for (const ContainerMount& m : spec.mounts)
    if (m.type == "tmpfs") out[m.destination] = Join(TmpfsOptions(m.options), ",");
  return out;
}

// As they are called in full, whatever was typed: "net_admin" is CAP_NET_ADMIN.
Json Capabilities(const std::vector<std::string>& typed) {
  Json out = Json::array();
  for (const std::string& name : typed) {
    const std::optional<int> bit = runtime::CapabilityBit(name);
    out.push_back(bit ? runtime::CapabilityName(*bit) : ToLower(name) == "all" ? "ALL" : name);
  }
  return out;
}

// "HOST[:INSIDE][:rwm]"
Json Device(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ':');
  std::string inside = parts[0], rights = "rwm";
  for (size_t i = 1; i < parts.size(); ++i)
    (StartsWith(parts[i], "/") ? inside : rights) = parts[i];
  return {{"PathOnHost", parts[0]}, {"PathInContainer", inside}, {"CgroupPermissions", rights}};
}

Json Devices(const ContainerSpec& spec) {
  Json out = Json::array();
  for (const std::string& text : spec.devices) out.push_back(Device(text));
  return out;
}

Json Limit(uint64_t value) { return value == UINT64_MAX ? Json(-1) : Json(value); }

Json Ulimits(const ContainerSpec& spec) {
  std::map<std::string, spec::Rlimit> by_name;
  for (const spec::Rlimit& limit : spec.rlimits) by_name[limit.type] = limit;
  Json out = Json::array();
  for (const auto& [name, limit] : by_name)
    out.push_back({{"Name", limit.type}, {"Soft", Limit(limit.soft)}, {"Hard", Limit(limit.hard)}});
  return out;
}

// docker/go-units' HumanSize: "10kB", "1.049MB".
std::string HumanBytes(int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < std::size(kUnits); ++unit) size /= 1000;
  return fmt::format("{:.4g}{}", size, kUnits[unit]);
}

std::string Or(const std::string& value, const char* otherwise) {
  return value.empty() ? otherwise : value;
}

void AddNamespaces(const ContainerSpec& spec, Json& out) {
  const bool host_uts =
      spec.uts_mode == "host" || (spec.network_mode == "host" && spec.uts_mode.empty());
  out["CgroupMode"] = Or(spec.cgroupns_mode, "private");
  out["IpcMode"] = Or(spec.ipc_mode, "shareable");
  out["PidMode"] = Or(spec.pid_mode, "private");
  out["UTSMode"] = host_uts ? "host" : Or(spec.uts_mode, "private");
  out["UsernsMode"] = spec.id_mappings.empty() ? spec.userns_mode : "private";
  if (!spec.id_mappings.empty()) out["IDMappings"] = Json{{"UidMap", spec.id_mappings.uids}, {"GidMap", spec.id_mappings.gids}};
}

Json DeviceLimits(const std::vector<cgroup::DeviceLimit>& limits, const char* value) {
  if (limits.empty()) return nullptr;
  Json out = Json::array();
  for (const cgroup::DeviceLimit& limit : limits) out.push_back({{"Path", limit.device}, {value, limit.value}});
  return out;
}

// Where inspect shows what an option sets.
std::string FieldOf(const std::string& option) {
  constexpr std::pair<std::string_view, const char*> kFields[] = {
      {"--memory", "Memory"}, {"--memory-swap", "MemorySwap"}, {"--memory-reservation", "MemoryReservation"}, {"--cpus", "NanoCpus"},
      {"--cpu-shares", "CpuShares"}, {"--cpu-period", "CpuPeriod"}, {"--cpu-quota", "CpuQuota"}, {"--cpuset-cpus", "CpusetCpus"},
      {"--cpuset-mems", "CpusetMems"}, {"--pids-limit", "PidsLimit"}, {"--blkio-weight", "BlkioWeight"},
      {"--blkio-weight-device", "BlkioWeightDevice"}, {"--device-read-bps", "BlkioDeviceReadBps"},
      {"--device-write-bps", "BlkioDeviceWriteBps"}, {"--device-read-iops", "BlkioDeviceReadIOps"},
      {"--device-write-iops", "BlkioDeviceWriteIOps"}, {"--cgroup-conf", "CgroupConf"}};
  for (const auto& [name, field] : kFields)
    if (name == option) return field;
  return option;
}

// What was asked for. What of it could not be applied when it was started last is in Degraded.
void AddLimits(const InspectInput& in, Json& out) {
  constexpr int64_t kPeriod = 100'000;  // microseconds
  const ContainerSpec& spec = in.spec;
  const cgroup::Limits& l = spec.limits;
  out["CpuShares"] = l.cpu_shares;
  out["Memory"] = l.memory;
  out["NanoCpus"] = std::llround(l.cpus * 1e9);
  out["CgroupParent"] = in.group_parent;
  out["BlkioWeight"] = l.blkio_weight;
  out["BlkioWeightDevice"] = DeviceLimits(l.blkio_weight_device, "Weight");
  out["BlkioDeviceReadBps"] = DeviceLimits(l.read_bps, "Rate");
  out["BlkioDeviceWriteBps"] = DeviceLimits(l.write_bps, "Rate");
  out["BlkioDeviceReadIOps"] = DeviceLimits(l.read_iops, "Rate");
  out["BlkioDeviceWriteIOps"] = DeviceLimits(l.write_iops, "Rate");
  out["CpuPeriod"] = l.cpus > 0 ? kPeriod : l.cpu_period;
  out["CpuQuota"] = l.cpus > 0 ? std::llround(l.cpus * static_cast<double>(kPeriod)) : l.cpu_quota;
  for (const char* name : {"CpuRealtimePeriod", "CpuRealtimeRuntime"}) out[name] = 0;
  out["CpusetCpus"] = l.cpuset_cpus;
  out["CpusetMems"] = l.cpuset_mems;
  out["Devices"] = Devices(spec);
  out["DiskQuota"] = 0;
  out["KernelMemory"] = 0;
  out["MemoryReservation"] = l.memory_reservation;
  out["MemorySwap"] = l.memory_swap != 0 ? l.memory_swap : 2 * l.memory;
  out["MemorySwappiness"] = 0;
  out["OomKillDisable"] = false;
  out["Init"] = spec.init;
  out["PidsLimit"] = std::max<int64_t>(0, l.pids.value_or(0));
  out["Ulimits"] = Ulimits(spec);
  for (const char* name : {"CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"})
    out[name] = 0;
  Json conf = Json::object();
  for (const std::string& text : l.conf) conf[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  out["CgroupConf"] = conf.empty() ? Json(nullptr) : conf;
  Json degraded = Json::array();
  if (in.has_bundle)
    for (const std::string& option : in.group ? in.group->unmet : LimitOptionsOf(spec)) degraded.push_back(FieldOf(option));
  out["Degraded"] = std::move(degraded);
}

}  // namespace

bool IsDeviceMount(const ContainerSpec& spec, const ContainerMount& mount) {
  return mount.type == "bind" &&
         std::any_of(spec.devices.begin(), spec.devices.end(), [&](const std::string& text) {
           const std::string place = Device(text)["PathInContainer"];
           return place == mount.destination || StartsWith(mount.destination, place + "/");
         });
}

InspectJson InspectHostConfig(const InspectInput& in) {
  const ContainerSpec& spec = in.spec;
  Json out;
  out["Binds"] = Binds(spec);
  out["CgroupManager"] = in.group_manager.empty() ? "none" : in.group_manager;  // as info has it
  AddNamespaces(spec, out);
  out["ContainerIDFile"] = spec.cidfile;
  out["LogConfig"] = {{"Type", spec.log_driver},
                      {"Config", nullptr},
                      {"Path", spec.log_path},
                      {"Tag", spec.log_tag},
                      {"Size", HumanBytes(std::max<int64_t>(spec.log_max_size, 0))}};
  // What was typed; the default by the name of what it is.
  const bool others = spec.network_mode == "bridge" || spec.network_mode.find(':') != std::string::npos;
  out["NetworkMode"] = others ? spec.network_mode : Or(spec.network, spec.network_mode.c_str());
  out["PortBindings"] = InspectPublishedPorts(spec);
  out["RestartPolicy"] = {{"Name", Or(spec.restart_policy, "no")},
                          {"MaximumRetryCount", spec.restart_retries}};
  out["AutoRemove"] = spec.auto_remove;
  out["AutoRemoveImage"] = spec.remove_image;
  out["Annotations"] = spec.annotations.empty() ? Json(nullptr) : Json(spec.annotations);
  out["VolumeDriver"] = "";
  out["VolumesFrom"] = NullIfEmpty(spec.volumes_from);
  out["CapAdd"] = Capabilities(spec.cap_add);
  out["CapDrop"] = Capabilities(spec.cap_drop);
  out["Dns"] = spec.dns;
  out["DnsOptions"] = spec.dns_option;
  out["DnsSearch"] = spec.dns_search;
  out["ExtraHosts"] = spec.add_host;
  out["GroupAdd"] = spec.group_add;
  out["Cgroup"] = "";
  out["Cgroups"] = spec.cgroups_mode == "enabled" || spec.cgroups_mode.empty() ? "default" : spec.cgroups_mode;
  out["Links"] = nullptr;
  out["OomScoreAdj"] = spec.oom_score_adj.value_or(0);
  out["Privileged"] = spec.privileged;
  out["PublishAllPorts"] = spec.publish_all;
  out["ReadonlyRootfs"] = spec.read_only;
  out["SecurityOpt"] = spec.security_opt;
  out["Tmpfs"] = Tmpfs(spec);
  out["ShmSize"] = spec.shm_size;
  out["Runtime"] = "oci";
  out["ConsoleSize"] = {0, 0};
  out["Isolation"] = "";
  AddLimits(in, out);
  return out;
}

}  // namespace ctool::engine
