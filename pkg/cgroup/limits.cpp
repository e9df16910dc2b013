// SPDX-License-Identifier: Apache-2.0
#include "cgroup/limits.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/text.hpp"

namespace ctool::cgroup {
namespace {

constexpr int64_t kDefaultPeriod = 100'000;  // microseconds
constexpr int64_t kLeastShares = 2, kMostShares = 262144, kLeastWeight = 10, kMostWeight = 1000;

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

// Version 1 counts 2 to 262144 with 1024 in the middle, version 2 1 to 10000 with 100; as crun and systemd have it.
int64_t WeightOfShares(int64_t shares) {
  return 1 + (std::clamp(shares, kLeastShares, kMostShares) - kLeastShares) * 9999 / (kMostShares - kLeastShares);
}
int64_t WeightOfBlkio(int64_t weight) { return 1 + (weight - kLeastWeight) * 9999 / (kMostWeight - kLeastWeight); }

Status CheckSet(const std::string& set, const char* option) {
  if (set.find_first_not_of("0123456789,-") == std::string::npos) return Ok();
  return Invalid("invalid value " + Quote(set) + " for " + option + ": wanted numbers and ranges, as 0-2,5");
}

Status CheckConf(const std::string& text) {
  // What takes processes in, out or away is not a limit.
  constexpr std::string_view kRefused[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze", "cgroup.type", "cgroup.subtree_control"};
  const size_t equals = text.find('=');
  const std::string file = text.substr(0, equals);
  if (equals == std::string::npos || file.find('.') == std::string::npos ||
      file.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != std::string::npos || file[0] == '.')
    return Invalid("invalid --cgroup-conf " + Quote(text) + ": wanted FILE=VALUE, as memory.high=1073741824");
  if (std::find(std::begin(kRefused), std::end(kRefused), file) != std::end(kRefused))
    return Invalid("--cgroup-conf can't set " + file);
  return Ok();
}

Status CheckMemory(const Limits& l) {
  if (l.memory_swap > 0 && l.memory == 0)
    return Invalid("you should always set a memory limit when using a memoryswap limit, see usage: a limit of memory and swap together needs --memory");
  if (l.memory_swap > 0 && l.memory_swap < l.memory)
    return Invalid("minimum memoryswap limit should be larger than memory limit, see usage: --memory-swap is memory and swap together");
  if (l.memory > 0 && l.memory_reservation > l.memory)
    return Invalid("minimum memory limit cannot be less than memory reservation limit, see usage: --memory-reservation is larger than --memory");
  return Ok();
}

Status CheckCpu(const Limits& l) {
  for (const auto& [value, option] : {std::pair(l.cpu_period, "--cpu-period"), std::pair(l.cpu_quota, "--cpu-quota")})
    if (l.cpus > 0 && value != 0) return Invalid(std::string("--cpus and ") + option + " cannot be set together");
  if (!std::isfinite(l.cpus) || l.cpus < 0) return Invalid("invalid value for --cpus");
  // The kernel's own bounds; it would only say "invalid argument".
  if (l.cpu_period != 0 && (l.cpu_period < 1000 || l.cpu_period > 1'000'000))
    return Invalid("--cpu-period must be from 1000 to 1000000 microseconds");
  if (l.cpu_quota > 0 && l.cpu_quota < 1000) return Invalid("--cpu-quota must be 1000 microseconds at least");
  if (l.cpu_shares < 0) return Invalid("invalid value " + std::to_string(l.cpu_shares) + " for --cpu-shares");
  TRY(CheckSet(l.cpuset_cpus, "--cpuset-cpus"));
  return CheckSet(l.cpuset_mems, "--cpuset-mems");
}

Status AddDevices(const std::vector<DeviceLimit>& devices, const char* file, const char* key, const char* option,
                  std::vector<Setting>& into) {
  for (const DeviceLimit& limit : devices)
    into.push_back({file, TRY(DeviceNumber(limit.device)) + " " + key + std::to_string(limit.value), option});
  return Ok();
}

void AddMemory(const Limits& l, std::vector<Setting>& into) {
  if (l.memory_reservation > 0) into.push_back({"memory.low", std::to_string(l.memory_reservation), "--memory-reservation"});
  if (l.memory == 0 && l.memory_swap == 0) return;
  if (l.memory > 0) into.push_back({"memory.max", std::to_string(l.memory), "--memory"});
  // Without a word on swap there is as much of it as of memory: docker's rule. A machine without swap misses nothing.
  const std::string swap = l.memory_swap < 0 ? "max" : std::to_string(l.memory_swap > 0 ? l.memory_swap - l.memory : l.memory);
  into.push_back({"memory.swap.max", swap, l.memory_swap != 0 ? "--memory-swap" : ""});
}

void AddCpu(const Limits& l, std::vector<Setting>& into) {
  if (l.cpu_shares > 0) into.push_back({"cpu.weight", std::to_string(WeightOfShares(l.cpu_shares)), "--cpu-shares"});
  if (l.cpus > 0)
    into.push_back({"cpu.max", std::to_string(std::max<int64_t>(1000, std::llround(l.cpus * kDefaultPeriod))) + " " + std::to_string(kDefaultPeriod), "--cpus"});
  else if (l.cpu_quota != 0 || l.cpu_period != 0)
    into.push_back({"cpu.max", (l.cpu_quota > 0 ? std::to_string(l.cpu_quota) : "max") + " " + std::to_string(l.cpu_period > 0 ? l.cpu_period : kDefaultPeriod),
                    l.cpu_quota != 0 ? "--cpu-quota" : "--cpu-period"});
  if (!l.cpuset_cpus.empty()) into.push_back({"cpuset.cpus", l.cpuset_cpus, "--cpuset-cpus"});
  if (!l.cpuset_mems.empty()) into.push_back({"cpuset.mems", l.cpuset_mems, "--cpuset-mems"});
}

}  // namespace

Status CheckLimits(const Limits& l) {
  TRY(CheckMemory(l));
  TRY(CheckCpu(l));
  if (l.pids && *l.pids < -1) return Invalid("invalid value " + std::to_string(*l.pids) + " for --pids-limit");
  const auto weighs = [](int64_t weight) { return weight >= kLeastWeight && weight <= kMostWeight; };
  if (l.blkio_weight != 0 && !weighs(l.blkio_weight)) return Invalid("range of blkio weight is from 10 to 1000");
  for (const DeviceLimit& d : l.blkio_weight_device)
    if (!weighs(d.value)) return Invalid("invalid weight for device " + Quote(d.device) + ": range of blkio weight is from 10 to 1000");
  for (const std::string& text : l.conf) TRY(CheckConf(text));
  return Ok();
}

Result<std::vector<Setting>> SettingsOf(const Limits& l) {
  std::vector<Setting> out;
  if (l.pids) out.push_back({"pids.max", *l.pids > 0 ? std::to_string(*l.pids) : "max", l.pids_by_default || *l.pids <= 0 ? "" : "--pids-limit"});
  AddMemory(l, out);
  AddCpu(l, out);
  if (l.blkio_weight > 0) out.push_back({"io.weight", "default " + std::to_string(WeightOfBlkio(l.blkio_weight)), "--blkio-weight"});
  for (const DeviceLimit& d : l.blkio_weight_device)
    out.push_back({"io.weight", TRY(DeviceNumber(d.device)) + " " + std::to_string(WeightOfBlkio(d.value)), "--blkio-weight-device"});
  TRY(AddDevices(l.read_bps, "io.max", "rbps=", "--device-read-bps", out));
  TRY(AddDevices(l.write_bps, "io.max", "wbps=", "--device-write-bps", out));
  TRY(AddDevices(l.read_iops, "io.max", "riops=", "--device-read-iops", out));
  TRY(AddDevices(l.write_iops, "io.max", "wiops=", "--device-write-iops", out));
  for (const std::string& text : l.conf)
    out.push_back({text.substr(0, text.find('=')), text.substr(text.find('=') + 1), "--cgroup-conf"});
  return out;
}

Result<std::string> DeviceNumber(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) < 0) return Error::Sys(errno, "device", path).As(Code::kInvalidArgument);
  if (!S_ISBLK(st.st_mode)) return Invalid("'" + Printable(path) + "' is not a block device");
  return std::to_string(major(st.st_rdev)) + ":" + std::to_string(minor(st.st_rdev));
}

}  // namespace ctool::cgroup
