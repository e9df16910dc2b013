// SPDX-License-Identifier: Apache-2.0
//
// The control group that a container gets, and its limits, from what was typed.
#include <cmath>
#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/place.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

constexpr int64_t kDefaultPids = 2048;  // containers.conf(5), pids_limit

using cgroup::DeviceLimit;
using cgroup::Limits;

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

// "-1" is no limit.
Result<int64_t> SizeOf(const std::string& text, const char* option) {
  if (text == "-1") return int64_t{-1};
  return ParseBytes(text, option);
}

// podman's words.
Result<DeviceLimit> ParseDevice(const std::string& text, bool is_size, bool is_weight) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Invalid("bad format: " + Printable(text));
  const std::string device = text.substr(0, colon), number = text.substr(colon + 1);
  if (!StartsWith(device, "/dev/")) return Invalid("bad format for device path: " + Printable(text));
  if (is_size) {
    Result<int64_t> bytes = ParseBytes(number, "a device");
    if (!bytes.ok() || number.empty())
      return Invalid("invalid rate for device: " + Printable(text) +
                     ". The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb");
    return DeviceLimit{device, *bytes};
  }
  const std::optional<int64_t> value = ParseInt(number);
  if (is_weight && (!value || *value < 10 || *value > 1000)) return Invalid("invalid weight for device: " + Printable(text));
  if (!value || *value < 0)
    return Invalid("invalid rate for device: " + Printable(text) + ". The correct format is <device-path>:<number>. Number must be a positive integer");
  return DeviceLimit{device, *value};
}

Status AddDevices(const std::vector<std::string>& texts, bool is_size, bool is_weight, std::vector<DeviceLimit>& into) {
  if (!texts.empty()) into.clear();
  for (const std::string& text : texts) {
    DeviceLimit limit = TRY(ParseDevice(text, is_size, is_weight));
    if (const Result<std::string> number = cgroup::DeviceNumber(limit.device); !number.ok())
      return Invalid("could not parse throttle device at " + Printable(limit.device) + ": " + number.error().Message());
    into.push_back(std::move(limit));
  }
  return Ok();
}

Status FoldMemory(const LimitOptions& o, Limits& l) {
  const bool had_swap = l.memory_swap != 0;
  if (!o.memory.empty()) l.memory = std::max<int64_t>(0, TRY(SizeOf(o.memory, "--memory")));
  if (!o.memory_swap.empty()) l.memory_swap = TRY(SizeOf(o.memory_swap, "--memory-swap"));
  // A limit of both that was set before would contradict, or outlive, the new one.
  else if (!o.memory.empty() && had_swap && l.memory_swap > 0 && (l.memory == 0 || l.memory_swap < l.memory)) l.memory_swap = 0;
  if (!o.memory_reservation.empty()) l.memory_reservation = std::max<int64_t>(0, TRY(SizeOf(o.memory_reservation, "--memory-reservation")));
  return Ok();
}

Status FoldCpu(const LimitOptions& o, Limits& l) {
  for (const auto& [value, option] : {std::pair(&o.cpu_period, "--cpu-period"), std::pair(&o.cpu_quota, "--cpu-quota")})
    if (!o.cpus.empty() && *value) return Invalid(std::string(option) + " and --cpus cannot be set together");
  if (!o.cpus.empty()) {
    char* end = nullptr;
    l.cpus = std::strtod(o.cpus.c_str(), &end);
    if (*end != '\0' || !std::isfinite(l.cpus) || l.cpus < 0) return Invalid("invalid value " + Quote(o.cpus) + " for --cpus: wanted a number of processors, such as 1.5");
    l.cpu_period = l.cpu_quota = 0;
  }
  if (o.cpu_period || o.cpu_quota) l.cpus = 0;
  if (o.cpu_period) l.cpu_period = *o.cpu_period;
  if (o.cpu_quota) l.cpu_quota = *o.cpu_quota;
  if (o.cpu_shares) l.cpu_shares = *o.cpu_shares;
  if (!o.cpuset_cpus.empty()) l.cpuset_cpus = o.cpuset_cpus;
  if (!o.cpuset_mems.empty()) l.cpuset_mems = o.cpuset_mems;
  return Ok();
}

Status FoldBlkio(const LimitOptions& o, Limits& l) {
  if (o.blkio_weight) l.blkio_weight = *o.blkio_weight;
  TRY(AddDevices(o.blkio_weight_device, false, true, l.blkio_weight_device));
  TRY(AddDevices(o.device_read_bps, true, false, l.read_bps));
  TRY(AddDevices(o.device_write_bps, true, false, l.write_bps));
  TRY(AddDevices(o.device_read_iops, false, false, l.read_iops));
  return AddDevices(o.device_write_iops, false, false, l.write_iops);
}

// Those of version 1 that have no counterpart.
void FoldOutdated(const LimitOptions& o, Limits& l) {
  l.outdated.clear();
  if (o.memory_swappiness.value_or(-1) >= 0) l.outdated.emplace_back("--memory-swappiness");
  if (!o.kernel_memory.empty()) l.outdated.emplace_back("--kernel-memory");
  if (o.cpu_rt_period.value_or(0) != 0) l.outdated.emplace_back("--cpu-rt-period");
  if (o.cpu_rt_runtime.value_or(0) != 0) l.outdated.emplace_back("--cpu-rt-runtime");
  if (o.oom_kill_disable) l.outdated.emplace_back("--oom-kill-disable");
}

}  // namespace

Status FoldGroupLimits(const LimitOptions& o, ContainerSpec& spec) {
  Limits& l = spec.limits;
  spec.strict_limits = spec.strict_limits || o.strict;
  if (o.memory_swappiness && (*o.memory_swappiness < -1 || *o.memory_swappiness > 100))
    return Invalid("invalid value: " + std::to_string(*o.memory_swappiness) + ", valid memory swappiness range is 0-100");
  TRY(FoldMemory(o, l));
  TRY(FoldCpu(o, l));
  TRY(FoldBlkio(o, l));
  if (o.pids_limit) {
    l.pids = *o.pids_limit;
    l.pids_by_default = false;
  }
  for (const std::string& text : o.cgroup_conf) {
    if (text.find('=') == std::string::npos) return Invalid("--cgroup-conf must be formatted KEY=VALUE");
    l.conf.push_back(text);
  }
  FoldOutdated(o, l);
  TRY(cgroup::CheckLimits(l));
  if (l.outdated.empty()) return Ok();
  const std::string what = Join(l.outdated, ", ") + (l.outdated.size() == 1 ? " is" : " are") + " not applied: only version 1 of control groups has that";
  if (spec.strict_limits) return Error(Code::kUnsupported, what);
  Warn(what);
  return Ok();
}

Status FoldGroup(Engine& engine, const CreateOptions& options, ContainerSpec& spec) {
  const config::ContainersConf& conf = *TRY(engine.Conf());
  spec.cgroups_mode = !options.cgroups.empty() ? options.cgroups : conf.cgroups.value_or("enabled");
  if (spec.cgroups_mode == "default") spec.cgroups_mode = "enabled";
  constexpr std::string_view kModes[] = {"enabled", "disabled", "no-conmon", "split"};
  if (std::find(std::begin(kModes), std::end(kModes), spec.cgroups_mode) == std::end(kModes))
    return Invalid("running container create option: invalid cgroup mode " + Quote(spec.cgroups_mode) + ": invalid argument");
  spec.cgroup_manager = TRY(engine.CgroupManager());
  spec.cgroup_parent = options.cgroup_parent;
  spec.strict_limits = conf.strict_limits.value_or(false);
  if (spec.cgroups_mode != "disabled") {
    spec.limits.pids = conf.pids_limit.value_or(kDefaultPids);
    spec.limits.pids_by_default = true;
  }
  return FoldGroupLimits(options.limits, spec);
}

}  // namespace ctool::engine
