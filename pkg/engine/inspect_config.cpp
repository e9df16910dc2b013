// SPDX-License-Identifier: Apache-2.0
//
// "Config": what the process of the container was made from.
#include <algorithm>

#include "base/text.hpp"
#include "engine/inspect_internal.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

Json Map(const std::map<std::string, std::string>& map) {
  return map.empty() ? Json(nullptr) : Json(map);
}

Json HealthCheckOf(const spec::HealthCheck& check) {
  Json out = {{"Test", check.test}};
  if (check.start_period != 0) out["StartPeriod"] = check.start_period;
  if (check.interval != 0) out["Interval"] = check.interval;
  if (check.timeout != 0) out["Timeout"] = check.timeout;
  if (check.retries != 0) out["Retries"] = check.retries;
  return out;
}

// Published or not: {"80/tcp": {}}.
Json ExposedPorts(const ContainerSpec& spec) {
  Json out = InspectPublishedPorts(spec);
  for (const std::string& port : spec.exposed)
    out[port.find('/') == std::string::npos ? port + "/tcp" : port];
  for (Json& bindings : out) bindings = Json::object();
  return out.empty() ? Json(nullptr) : out;
}

// As podman has it: those that are files.
Json Secrets(const ContainerSpec& spec) {
  Json out = Json::array();
  for (const ContainerSecret& s : spec.secrets)
    if (s.type == "mount") out.push_back({{"Name", s.name}, {"ID", s.id}, {"UID", s.uid}, {"GID", s.gid}, {"Mode", s.mode}});
  return out;
}

// As the process has it: what is said counts, and an empty word is none.
std::vector<std::string> EnvWithHome(std::vector<std::string> env, const std::string& home) {
  const auto said = std::find_if(env.begin(), env.end(), [](const std::string& e) { return StartsWith(e, "HOME="); });
  if (home.empty() || (said != env.end() && *said != "HOME=")) return env;
  if (said != env.end()) env.erase(said);
  env.push_back("HOME=" + home);
  return env;
}

}  // namespace

InspectJson InspectConfig(const ContainerSpec& spec, const std::string& home) {
  Json out;
  out["Hostname"] = spec.hostname;
  out["Domainname"] = "";
  out["User"] = spec.user;
  for (const char* name : {"AttachStdin", "AttachStdout", "AttachStderr"}) out[name] = false;
  out["Tty"] = spec.tty;
  out["OpenStdin"] = spec.interactive;
  out["StdinOnce"] = false;
  out["Env"] = NullIfEmpty(EnvWithHome(spec.env, home));
  out["Cmd"] = NullIfEmpty(spec.command);
  out["Image"] = spec.image_name;
  out["Volumes"] = nullptr;
  out["WorkingDir"] = spec.working_dir;
  out["Entrypoint"] = NullIfEmpty(spec.entrypoint);
  out["OnBuild"] = nullptr;
  out["Labels"] = Map(spec.labels);
  out["Annotations"] = Map(spec.annotations);
  out["StopSignal"] = spec.stop_signal;
  if (spec.healthcheck) out["Healthcheck"] = HealthCheckOf(*spec.healthcheck);
  out["HealthcheckOnFailureAction"] = spec.health_on_failure.empty() ? "none" : spec.health_on_failure;
  if (spec.healthcheck) {
    out["HealthMaxLogCount"] = spec.health_max_log_count;
    out["HealthMaxLogSize"] = spec.health_max_log_size;
  }
  out["CreateCommand"] = NullIfEmpty(spec.create_command);
  if (spec.systemd) out["SystemdMode"] = true;
  out["Umask"] = spec.umask;
  if (!spec.secrets.empty()) out["Secrets"] = Secrets(spec);
  if (!spec.timezone.empty()) out["Timezone"] = spec.timezone;
  out["Timeout"] = spec.timeout;
  out["StopTimeout"] = spec.stop_timeout;
  out["Passwd"] = spec.passwd;
  out["sdNotifyMode"] = spec.sdnotify;
  out["ExposedPorts"] = ExposedPorts(spec);
  return out;
}

}  // namespace ctool::engine
