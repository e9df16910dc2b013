// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cgroup/limits.hpp"
#include "network/backend.hpp"

namespace ctool::monitor {

// --health-*, or the image's HEALTHCHECK.
struct HealthConfig {
  std::string process;  // a config.json of the process that checks; empty: there is no check
  int64_t interval_ns = 0;  // 0: only when it is asked for
  int64_t timeout_ns = 0, start_period_ns = 0;
  int64_t retries = 0;
  std::string on_failure;  // "none", "kill", "stop", "restart"
  int64_t max_log_count = 5, max_log_size = 500;  // 0: no limit
};

// What the monitor needs beside the OCI config.json: BUNDLE/monitor.json, written by the engine.
struct Config {
  std::string id, name;
  std::string run_dir;       // runtime state: status, gone after a reboot
  std::string exit_file;     // exit code and time, kept with the container
  std::string log_driver;    // "journald"; else k8s-file, if there is a path
  std::string log_path;      // k8s-file; the journal's socket; empty: none
  std::string log_tag;       // in the journal
  int64_t log_max_size = -1;  // bytes; -1: no limit
  network::Backend network;  // what the sandbox has, for who looks at a running container
  std::vector<std::string> ports;          // published ports, as -p has them
  std::string fuse_overlayfs;  // program, empty: not installed
  int64_t timeout_seconds = 0;  // --timeout; 0: none
  std::string restart_policy;   // "on-failure", "always", "unless-stopped"; else never
  int64_t restart_retries = 0;  // of on-failure; 0: no limit
  std::string pid_file, monitor_pid_file;
  std::string events_log;       // where events are told; empty: nowhere
  std::string event;            // what all events of this container have in common (events::Common)
  std::string notify_socket;    // systemd's; empty: nobody waits to be told
  bool notify_ready = false;    // it is told that the container is ready, and not only whose pid to watch
  int stop_signal = 15;
  int64_t stop_timeout_seconds = 10;  // -1: for ever
  HealthConfig health;
  std::vector<cgroup::Setting> limits;  // for the container's control group
  bool strict_limits = false;           // one that can't be had is an error
  std::string limits_hint;              // what to do about it
  std::string record;  // file for a seccomp profile of what the container does; empty: it is not recorded
  std::vector<std::string> cleanup;  // argv that settles the record when no command keeps it

  static Result<Config> Parse(std::string_view bytes);
  std::string Print() const;
};

// RUN_DIR/home: the HOME that a container which was given none got from its passwd, when it was started last.
inline std::string HomeFile(const std::string& run_dir) { return run_dir + "/home"; }

// RUN_DIR/status: a running container's identity. A pid alone means nothing after it was reused.
struct RunStatus {
  pid_t pid = 0, monitor_pid = 0;
  uint64_t start_time = 0, monitor_start_time = 0;  // proc(5) stat field 22, clock ticks
  int64_t started = 0;                              // wall ns

  static Result<RunStatus> Parse(std::string_view bytes);
  std::string Print() const;
};

// The exit file.
struct ExitRecord {
  int code = 0;
  int64_t finished = 0;  // wall ns
  bool timed_out = false;
  bool oom_killed = false;  // the kernel has ended a process of it for want of memory
  int64_t restarts = 0;  // how often the restart policy started it again

  static Result<ExitRecord> Parse(std::string_view bytes);
  std::string Print() const;
};

}  // namespace ctool::monitor
