// SPDX-License-Identifier: Apache-2.0
#include "monitor/config.hpp"

#include <nlohmann/json.hpp>

namespace ctool::monitor {
namespace {

using Json = nlohmann::json;

template <class T>
void Read(const Json& from, const char* key, T& into) {
  const auto it = from.find(key);
  if (it == from.end()) return;
  if constexpr (std::is_same_v<T, bool>) {
    if (it->is_boolean()) into = it->get<bool>();
  } else if constexpr (std::is_arithmetic_v<T>) {
    if (it->is_number_integer()) into = static_cast<T>(it->get<int64_t>());
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (it->is_string()) into = it->get<std::string>();
  } else {
    if (!it->is_array()) return;
    for (const Json& item : *it)
      if (item.is_string()) into.push_back(item.get<std::string>());
  }
}

Result<Json> ParseObject(std::string_view bytes, const char* what) {
  Json doc = Json::parse(bytes, nullptr, false);
  if (!doc.is_object()) return Error(Code::kCorrupt, std::string(what) + " is not a JSON object");
  return doc;
}

Json PrintMappings(const std::vector<userns::IdMapping>& mappings) {
  Json out = Json::array();
  for (const userns::IdMapping& m : mappings) out.push_back({m.inside, m.outside, m.count});
  return out;
}

std::vector<userns::IdMapping> ReadMappings(const Json& from, const char* key) {
  std::vector<userns::IdMapping> mappings;
  const auto it = from.find(key);
  if (it == from.end() || !it->is_array()) return mappings;
  for (const Json& m : *it)
    if (m.is_array() && m.size() == 3 && m[0].is_number_unsigned() && m[1].is_number_unsigned() &&
        m[2].is_number_unsigned())
      mappings.push_back({m[0].get<uint32_t>(), m[1].get<uint32_t>(), m[2].get<uint32_t>()});
  return mappings;
}

}  // namespace

Result<Config> Config::Parse(std::string_view bytes) {
  const Json doc = TRY(ParseObject(bytes, "monitor.json"));
  Config c;
  Read(doc, "id", c.id);
  Read(doc, "runDir", c.run_dir);
  Read(doc, "exitFile", c.exit_file);
  Read(doc, "keepStdin", c.keep_stdin);
  Read(doc, "logPath", c.log_path);
  Read(doc, "logMaxSize", c.log_max_size);
  c.map.uids = ReadMappings(doc, "uids");
  c.map.gids = ReadMappings(doc, "gids");
  Read(doc, "singleId", c.map.single_id);
  Read(doc, "newuidmap", c.map.newuidmap);
  Read(doc, "newgidmap", c.map.newgidmap);
  Read(doc, "slirpCommand", c.slirp_command);
  Read(doc, "slirpSocket", c.slirp_socket);
  Read(doc, "containerIp", c.container_ip);
  Read(doc, "ports", c.ports);
  Read(doc, "fuseOverlayfs", c.fuse_overlayfs);
  Read(doc, "timeout", c.timeout_seconds);
  Read(doc, "restartPolicy", c.restart_policy);
  Read(doc, "restartRetries", c.restart_retries);
  Read(doc, "pidFile", c.pid_file);
  Read(doc, "monitorPidFile", c.monitor_pid_file);
  Read(doc, "cleanup", c.cleanup);
  if (c.id.empty() || c.run_dir.empty() || c.exit_file.empty())
    return Error(Code::kCorrupt, "monitor.json has no id, runDir or exitFile");
  return c;
}

std::string Config::Print() const {
  return Json{{"id", id},
              {"runDir", run_dir},
              {"exitFile", exit_file},
              {"keepStdin", keep_stdin},
              {"logPath", log_path},
              {"logMaxSize", log_max_size},
              {"uids", PrintMappings(map.uids)},
              {"gids", PrintMappings(map.gids)},
              {"singleId", map.single_id},
              {"newuidmap", map.newuidmap},
              {"newgidmap", map.newgidmap},
              {"slirpCommand", slirp_command},
              {"slirpSocket", slirp_socket},
              {"containerIp", container_ip},
              {"ports", ports},
              {"fuseOverlayfs", fuse_overlayfs},
              {"timeout", timeout_seconds},
              {"restartPolicy", restart_policy},
              {"restartRetries", restart_retries},
              {"pidFile", pid_file},
              {"monitorPidFile", monitor_pid_file},
              {"cleanup", cleanup}}
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
