// SPDX-License-Identifier: Apache-2.0
#include "monitor/config.hpp"

#include "monitor/backend_internal.hpp"
#include "monitor/json_internal.hpp"

namespace ctool::monitor {
namespace {

HealthConfig ReadHealth(const Json& from) {
  HealthConfig h;
  Read(from, "process", h.process);
  Read(from, "interval", h.interval_ns);
  Read(from, "timeout", h.timeout_ns);
  Read(from, "startPeriod", h.start_period_ns);
  Read(from, "retries", h.retries);
  Read(from, "onFailure", h.on_failure);
  Read(from, "maxLogCount", h.max_log_count);
  Read(from, "maxLogSize", h.max_log_size);
  return h;
}

Json PrintHealth(const HealthConfig& h) {
  return {{"process", h.process},         {"interval", h.interval_ns},        {"timeout", h.timeout_ns},
          {"startPeriod", h.start_period_ns}, {"retries", h.retries},         {"onFailure", h.on_failure},
          {"maxLogCount", h.max_log_count}, {"maxLogSize", h.max_log_size}};
}

}  // namespace

Result<Config> Config::Parse(std::string_view bytes) {
  const Json doc = TRY(ParseObject(bytes, "monitor.json"));
  Config c;
  Read(doc, "id", c.id);
  Read(doc, "name", c.name);
  Read(doc, "runDir", c.run_dir);
  Read(doc, "exitFile", c.exit_file);
  Read(doc, "logDriver", c.log_driver);
  Read(doc, "logPath", c.log_path);
  Read(doc, "logTag", c.log_tag);
  Read(doc, "logMaxSize", c.log_max_size);
  Read(doc, "network", c.network);
  Read(doc, "ports", c.ports);
  Read(doc, "fuseOverlayfs", c.fuse_overlayfs);
  Read(doc, "timeout", c.timeout_seconds);
  Read(doc, "restartPolicy", c.restart_policy);
  Read(doc, "restartRetries", c.restart_retries);
  Read(doc, "pidFile", c.pid_file);
  Read(doc, "monitorPidFile", c.monitor_pid_file);
  Read(doc, "eventsLog", c.events_log);
  Read(doc, "event", c.event);
  Read(doc, "cleanup", c.cleanup);
  Read(doc, "notifySocket", c.notify_socket);
  Read(doc, "notifyReady", c.notify_ready);
  Read(doc, "stopSignal", c.stop_signal);
  Read(doc, "stopTimeout", c.stop_timeout_seconds);
  if (const auto health = doc.find("health"); health != doc.end() && health->is_object()) c.health = ReadHealth(*health);
  if (c.id.empty() || c.run_dir.empty() || c.exit_file.empty())
    return Error(Code::kCorrupt, "monitor.json has no id, runDir or exitFile");
  return c;
}

std::string Config::Print() const {
  return Json{{"id", id},
              {"name", name},
              {"runDir", run_dir},
              {"exitFile", exit_file},
              {"logDriver", log_driver},
              {"logPath", log_path},
              {"logTag", log_tag},
              {"logMaxSize", log_max_size},
              {"network", PrintBackend(network)},
              {"ports", ports},
              {"fuseOverlayfs", fuse_overlayfs},
              {"timeout", timeout_seconds},
              {"restartPolicy", restart_policy},
              {"restartRetries", restart_retries},
              {"pidFile", pid_file},
              {"monitorPidFile", monitor_pid_file},
              {"eventsLog", events_log},
              {"event", event},
              {"cleanup", cleanup},
              {"notifySocket", notify_socket},
              {"notifyReady", notify_ready},
              {"stopSignal", stop_signal},
              {"stopTimeout", stop_timeout_seconds},
              {"health", PrintHealth(health)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RunStatus> RunStatus::Parse(std::string_view bytes) {
  const Json doc = TRY(ParseObject(bytes, "status"));
  RunStatus s;
  Read(doc, "pid", s.pid);
  Read(doc, "startTime", s.start_time);
  Read(doc, "monitorPid", s.monitor_pid);
  Read(doc, "monitorStartTime", s.monitor_start_time);
  Read(doc, "started", s.started);
  if (s.pid <= 0) return Error(Code::kCorrupt, "status has no pid");
  return s;
}

std::string RunStatus::Print() const {
  return Json{{"pid", pid},
              {"startTime", start_time},
              {"monitorPid", monitor_pid},
              {"monitorStartTime", monitor_start_time},
              {"started", started}}
      .dump();
}

Result<ExitRecord> ExitRecord::Parse(std::string_view bytes) {
  const Json doc = TRY(ParseObject(bytes, "exit file"));
  ExitRecord e;
  Read(doc, "code", e.code);
  Read(doc, "finished", e.finished);
  Read(doc, "timedOut", e.timed_out);
  Read(doc, "restarts", e.restarts);
  return e;
}

std::string ExitRecord::Print() const {
  return Json{{"code", code}, {"finished", finished}, {"timedOut", timed_out}, {"restarts", restarts}}.dump();
}

}  // namespace ctool::monitor
