// SPDX-License-Identifier: Apache-2.0
#include "monitor/config.hpp"

#include "monitor/backend_internal.hpp"
#include "monitor/json_internal.hpp"

namespace ctool::monitor {
namespace {

constexpr auto kHealthFields = [](auto& o, const auto& field) {
  field("process", o.process);
  field("interval", o.interval_ns);
  field("timeout", o.timeout_ns);
  field("startPeriod", o.start_period_ns);
  field("retries", o.retries);
  field("onFailure", o.on_failure);
  field("maxLogCount", o.max_log_count);
  field("maxLogSize", o.max_log_size);
};

constexpr auto kSettingFields = [](auto& o, const auto& field) {
  field("file", o.file);
  field("value", o.value);
  field("option", o.option);
};

constexpr auto kConfigFields = [](auto& o, const auto& field) {
  field("id", o.id);
  field("name", o.name);
  field("runDir", o.run_dir);
  field("exitFile", o.exit_file);
  field("logDriver", o.log_driver);
  field("logPath", o.log_path);
  field("logTag", o.log_tag);
  field("logMaxSize", o.log_max_size);
  field("network", o.network, kBackendFields);
  field("ports", o.ports);
  field("fuseOverlayfs", o.fuse_overlayfs);
  field("timeout", o.timeout_seconds);
  field("restartPolicy", o.restart_policy);
  field("restartRetries", o.restart_retries);
  field("pidFile", o.pid_file);
  field("monitorPidFile", o.monitor_pid_file);
  field("eventsLog", o.events_log);
  field("event", o.event);
  field("cleanup", o.cleanup);
  field("notifySocket", o.notify_socket);
  field("notifyReady", o.notify_ready);
  field("stopSignal", o.stop_signal);
  field("stopTimeout", o.stop_timeout_seconds);
  field("health", o.health, kHealthFields);
  field("limits", o.limits, kSettingFields);
  field("strictLimits", o.strict_limits);
  field("limitsHint", o.limits_hint);
  field("record", o.record);
};

constexpr auto kStatusFields = [](auto& o, const auto& field) {
  field("pid", o.pid);
  field("startTime", o.start_time);
  field("monitorPid", o.monitor_pid);
  field("monitorStartTime", o.monitor_start_time);
  field("started", o.started);
};

constexpr auto kExitFields = [](auto& o, const auto& field) {
  field("code", o.code);
  field("finished", o.finished);
  field("timedOut", o.timed_out);
  field("oomKilled", o.oom_killed);
  field("restarts", o.restarts);
};

}  // namespace

Result<Config> Config::Parse(std::string_view bytes) {
  Config c = TRY(ParseObject<Config>(bytes, "monitor.json", kConfigFields));
  if (c.id.empty() || c.run_dir.empty() || c.exit_file.empty())
    return Error(Code::kCorrupt, "monitor.json has no id, runDir or exitFile");
  return c;
}

std::string Config::Print() const { return PrintObject(*this, kConfigFields); }

Result<RunStatus> RunStatus::Parse(std::string_view bytes) {
  const RunStatus s = TRY(ParseObject<RunStatus>(bytes, "status", kStatusFields));
  if (s.pid <= 0) return Error(Code::kCorrupt, "status has no pid");
  return s;
}

std::string RunStatus::Print() const { return PrintObject(*this, kStatusFields); }

Result<ExitRecord> ExitRecord::Parse(std::string_view bytes) { return ParseObject<ExitRecord>(bytes, "exit file", kExitFields); }

std::string ExitRecord::Print() const { return PrintObject(*this, kExitFields); }

}  // namespace ctool::monitor
