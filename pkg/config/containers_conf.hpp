// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/paths.hpp"

namespace ctool::config {

// containers.conf(5): the defaults that administrators and users set. A field without a value was
// in no file: the built-in default holds, which is its user's business. Values are as written;
// sizes, durations and names are parsed where the same value of a command line option is.
struct ContainersConf {
  template <class T>
  using Maybe = std::optional<T>;
  using Text = Maybe<std::string>;
  using List = Maybe<std::vector<std::string>>;

  // [containers]
  List env, annotations, default_capabilities, default_sysctls, default_ulimits, devices, mounts,
      volumes, dns_servers, dns_searches, dns_options;
  Text base_hosts_file;  // a path, "image", "none" or ""
  Text host_containers_internal_ip, init_path, ipcns, log_driver, log_path, log_tag, netns, pidns,
      seccomp_profile, shm_size, tz, umask, userns, utsns, cgroupns, cgroups;
  Maybe<bool> env_host, http_proxy, strict_limits, init, no_hosts, read_only, privileged, label;
  Maybe<int64_t> log_size_max, pids_limit, oom_score_adj;

  // [engine]
  Text cgroup_manager, detach_keys, events_logger, image_default_transport, network_cmd_path,
      pull_policy, runtime;
  List engine_env, helper_binaries_dir, cdi_spec_dirs, network_cmd_options, compose_providers;
  Maybe<int64_t> stop_timeout, num_locks, retry, image_parallel_copies;
  Text image_default_format, retry_delay;

  // [network]
  Text default_network, default_subnet, default_rootless_network_cmd;
  List pasta_options;
  Maybe<int64_t> dns_bind_port;

  std::vector<std::string> files;  // what was read, for `info`

  // CONTAINERS_CONF names the only file; otherwise the files of ConfigFiles(). Then
  // CONTAINERS_CONF_OVERRIDE. A later file's value replaces an earlier one's, except lists that
  // end in {append = true}. With no file this costs a few failed opens.
  // kCorrupt with FILE:LINE:COL for bad TOML and wrong types.
  static Result<ContainersConf> Load(const Paths& paths);
  static Result<ContainersConf> LoadFrom(const std::vector<std::string>& files);
};

}  // namespace ctool::config
