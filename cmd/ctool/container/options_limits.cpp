// SPDX-License-Identifier: Apache-2.0
//
// Limits through control groups: the options that run, create and update share.
#include "ctool/container/options.hpp"

namespace ctool {

void AddLimitOptions(std::vector<cli::Option>& into, engine::LimitOptions& o) {
  const auto add = [&](std::string_view name, char letter, std::string_view value, std::string_view help, cli::Sink sink) -> cli::Option& {
    into.push_back({.name = name, .short_name = letter, .value = value, .help = help, .sink = std::move(sink)});
    return into.back();
  };
  add("memory", 'm', "size", "Memory limit", &o.memory);
  add("memory-reservation", 0, "size", "Memory that is taken from it last", &o.memory_reservation);
  add("memory-swap", 0, "size", "Limit of memory and swap together (default: twice the memory); -1: as much swap as there is", &o.memory_swap);
  add("memory-swappiness", 0, "number", "Only control groups of version 1 have it: a warning", &o.memory_swappiness);
  add("kernel-memory", 0, "size", "Only control groups of version 1 have it: a warning", &o.kernel_memory).hidden = true;
  add("cpus", 0, "number", "Limit of processor time, in processors", &o.cpus);
  add("cpu-shares", 'c', "number", "Its weight when processors are short, from 2 to 262144; 1024 is usual", &o.cpu_shares);
  add("cpu-period", 0, "microseconds", "Within this time it gets its quota (default 100000)", &o.cpu_period);
  add("cpu-quota", 0, "microseconds", "Processor time within a period", &o.cpu_quota);
  add("cpu-rt-period", 0, "microseconds", "Only control groups of version 1 have it: a warning", &o.cpu_rt_period);
  add("cpu-rt-runtime", 0, "microseconds", "Only control groups of version 1 have it: a warning", &o.cpu_rt_runtime);
  add("cpuset-cpus", 0, "list", "Processors on which it runs, as 0-2,5", &o.cpuset_cpus);
  add("cpuset-mems", 0, "list", "Memory nodes that it uses, as 0,1", &o.cpuset_mems);
  add("pids-limit", 0, "number", "Limit of processes and threads (default 2048); -1 or 0: none", &o.pids_limit);
  add("blkio-weight", 0, "number", "Its weight when disks are busy, from 10 to 1000", &o.blkio_weight);
  add("blkio-weight-device", 0, "device:weight", "The same for one disk", &o.blkio_weight_device);
  add("device-read-bps", 0, "device:size", "Limit of bytes read from a disk each second", &o.device_read_bps);
  add("device-write-bps", 0, "device:size", "Limit of bytes written to a disk each second", &o.device_write_bps);
  add("device-read-iops", 0, "device:number", "Limit of reads from a disk each second", &o.device_read_iops);
  add("device-write-iops", 0, "device:number", "Limit of writes to a disk each second", &o.device_write_iops);
  add("oom-kill-disable", 0, "", "Only control groups of version 1 have it: a warning", &o.oom_kill_disable);
  add("cgroup-conf", 0, "file=value", "Write a value to a file of its control group, as memory.high=1073741824", &o.cgroup_conf);
  add("strict", 0, "", "Fail where a limit can't be applied, in place of a warning", &o.strict);
}

}  // namespace ctool
