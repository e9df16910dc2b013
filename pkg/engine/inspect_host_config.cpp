// SPDX-License-Identifier: Apache-2.0
//
// "HostConfig": what was asked of the host. podman's field names are docker's; those of features
// that do not exist here are there, empty, because scripts and templates name them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
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
  out["UTSMode"] = host_uts ? "host" : "private";
  out["UsernsMode"] = spec.id_mappings.empty() ? spec.userns_mode : "private";
  if (!spec.id_mappings.empty()) out["IDMappings"] = Json{{"UidMap", spec.id_mappings.uids}, {"GidMap", spec.id_mappings.gids}};
}

// What was asked for. None of it is applied; Degraded says so.
void AddLimits(const ContainerSpec& spec, Json& out) {
  constexpr int64_t kPeriod = 100'000;  // microseconds
  out["CpuShares"] = 0;
  out["Memory"] = spec.memory;
  out["NanoCpus"] = std::llround(spec.cpus * 1e9);
  out["CgroupParent"] = "";
  out["BlkioWeight"] = 0;
  for (const char* name : {"BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps",
                           "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"})
    out[name] = nullptr;
  out["CpuPeriod"] = spec.cpus > 0 ? kPeriod : 0;
  out["CpuQuota"] = std::llround(spec.cpus * static_cast<double>(kPeriod));
  for (const char* name : {"CpuRealtimePeriod", "CpuRealtimeRuntime"}) out[name] = 0;
  for (const char* name : {"CpusetCpus", "CpusetMems"}) out[name] = "";
  out["Devices"] = Devices(spec);
  for (const char* name :
       {"DiskQuota", "KernelMemory", "MemoryReservation", "MemorySwap", "MemorySwappiness"})
    out[name] = 0;
  out["OomKillDisable"] = false;
  out["Init"] = spec.init;
  out["PidsLimit"] = spec.pids_limit;
  out["Ulimits"] = Ulimits(spec);
  for (const char* name : {"CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"})
    out[name] = 0;
  out["CgroupConf"] = nullptr;
  Json degraded = Json::array();
  if (spec.memory > 0) degraded.push_back("Memory");
  if (spec.cpus > 0) degraded.push_back("NanoCpus");
  if (spec.pids_limit > 0) degraded.push_back("PidsLimit");
  out["Degraded"] = std::move(degraded);
}

}  // namespace

bool IsDeviceMount(const ContainerSpec& spec, const ContainerMount& mount) {
  return mount.type == "bind" &&
         std::any_of(spec.devices.begin(), spec.devices.end(), [&](const std::string& text) {
           return Device(text)["PathInContainer"] == mount.destination;
         });
}

InspectJson InspectHostConfig(const ContainerSpec& spec) {
  Json out;
  out["Binds"] = Binds(spec);
  out["CgroupManager"] = "none";  // as info has it
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
  out["VolumesFrom"] = nullptr;
  out["CapAdd"] = Capabilities(spec.cap_add);
  out["CapDrop"] = Capabilities(spec.cap_drop);
  out["Dns"] = spec.dns;
  out["DnsOptions"] = spec.dns_option;
  out["DnsSearch"] = spec.dns_search;
  out["ExtraHosts"] = spec.add_host;
  out["GroupAdd"] = spec.group_add;
  out["Cgroup"] = "";
  out["Cgroups"] = "disabled";
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
  AddLimits(spec, out);
  return out;
}

}  // namespace ctool::engine
