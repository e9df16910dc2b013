// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ctool::cgroup {

// "/dev/sda:1000000": a block device of the host.
struct DeviceLimit {
  std::string device;
  int64_t value = 0;
};

// Limits as they are asked for, in the units of the command line. 0, or empty: not asked for, unless it says otherwise.
struct Limits {
  int64_t memory = 0, memory_reservation = 0;
  int64_t memory_swap = 0;   // memory and swap together; -1: no limit of swap
  double cpus = 0;           // processors; in place of period and quota
  int64_t cpu_period = 0, cpu_quota = 0;  // microseconds
  int64_t cpu_shares = 0;    // 2 to 262144
  std::string cpuset_cpus, cpuset_mems;  // "0-2,5"
  std::optional<int64_t> pids;           // -1 and 0: no limit
  bool pids_by_default = false;          // nobody asked for it: not worth a word where it can't be had
  int64_t blkio_weight = 0;              // 10 to 1000
  std::vector<DeviceLimit> blkio_weight_device, read_bps, write_bps, read_iops, write_iops;
  std::vector<std::string> conf;         // "memory.high=1000000", as they are
  std::vector<std::string> outdated;     // options ("--memory-swappiness") that only version 1 of control groups has
};

// A value for a file of a control group.
struct Setting {
  std::string file, value;
  std::string option;  // who asks for it, "--memory"; empty: nobody, so that nobody misses it
  std::string Controller() const { return file.substr(0, file.find('.')); }
};

// Checks what can be checked without a kernel: ranges, contradictions, syntax. kInvalidArgument.
Status CheckLimits(const Limits& limits);

// What to write, in this order. kInvalidArgument: a device that is none.
Result<std::vector<Setting>> SettingsOf(const Limits& limits);

// "/dev/sda:10mb" has been taken apart; the number of a block device as the kernel's files have it: "8:0".
Result<std::string> DeviceNumber(const std::string& path);

}  // namespace ctool::cgroup
