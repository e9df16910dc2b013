// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ctool::engine {

// Where and how to fetch an image: the options that pull, run and create share.
struct FetchOptions {
  std::string platform, arch, os, variant;
  std::string authfile, creds, cert_dir;
  std::optional<bool> tls_verify;
  int64_t retry = 3;
  std::string retry_delay;
  bool quiet = false;
};

// Limits through control groups: the options that run, create and update share.
struct LimitOptions {
  std::string memory, memory_reservation, memory_swap, kernel_memory, cpus, cpuset_cpus, cpuset_mems;
  std::optional<int64_t> pids_limit, cpu_shares, cpu_period, cpu_quota, cpu_rt_period, cpu_rt_runtime;
  std::optional<int64_t> blkio_weight, memory_swappiness;
  std::vector<std::string> blkio_weight_device, device_read_bps, device_write_bps, device_read_iops, device_write_iops;
  std::vector<std::string> cgroup_conf;
  bool oom_kill_disable = false;
  bool strict = false;  // a limit that can't be had is an error
};

// `run` and `create`, as they were typed; Create checks them and folds them with containers.conf
// and the image's defaults into a ContainerSpec. Meaning and syntax of each: podman-run(1).
struct CreateOptions {
  std::string image;
  std::vector<std::string> command;
  FetchOptions fetch;
  std::string pull = "missing";

  std::string name;
  std::optional<bool> rm;
  bool replace = false, rmi = false, init = false;
  std::string restart, stop_signal, cidfile, pidfile, conmon_pidfile;
  std::optional<int64_t> stop_timeout;
  int64_t timeout = 0;
  std::optional<std::string> entrypoint;
  std::string systemd, sdnotify;
  std::vector<std::string> required;  // --requires
  bool rootfs = false;                // `image` is a folder of the host
  std::string init_path, personality, seccomp_policy;
  std::vector<int> preserved;         // our descriptors that become 3, 4, ...
  bool no_healthcheck = false;
  // --health-cmd ...; empty or absent: the image's, or the default.
  std::string health_cmd, health_interval, health_timeout, health_start_period, health_on_failure;
  std::optional<int64_t> health_retries;
  std::optional<int64_t> health_max_log_count, health_max_log_size;

  bool tty = false, interactive = false;

  std::vector<std::string> env, env_file, unsetenv, label, label_file, annotation;
  std::vector<std::string> env_merge;
  bool env_host = false, unsetenv_all = false, http_proxy = true;
  std::optional<std::string> hostname;
  std::string workdir, user, umask, tz;
  std::vector<std::string> group_add;
  bool passwd = true;
  std::vector<std::string> hostuser, chrootdirs;
  std::string passwd_entry, group_entry;

  std::vector<std::string> volume, mount, tmpfs, volumes_from, device, secret, gpus;
  bool read_only = false, read_only_tmpfs = true;
  std::string shm_size, shm_size_systemd, image_volume;

  std::vector<std::string> publish, expose, network, dns, dns_search, dns_option, add_host;
  std::vector<std::string> network_alias;
  std::string ip, ip6, mac_address;
  std::string hosts_file;
  bool publish_all = false, no_hosts = false, no_hostname = false;

  std::vector<std::string> uidmap, gidmap;
  std::string subuidname, subgidname;
  std::string userns, pid, ipc, uts, cgroupns, cgroups, cgroup_parent;
  LimitOptions limits;
  std::optional<int64_t> oom_score_adj;
  std::vector<std::string> ulimit, sysctl;

  bool privileged = false;
  std::vector<std::string> cap_add, cap_drop, security_opt;

  std::string log_driver;
  std::vector<std::string> log_opt;

  std::string refused;                        // why one of podman's options can't be had
  std::vector<std::string> create_command;  // argv as typed, for inspect
};

}  // namespace ctool::engine
