// SPDX-License-Identifier: Apache-2.0
#include "config/containers_conf.hpp"

#include <variant>

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/document_internal.hpp"
#include "config/paths_internal.hpp"

namespace ctool::config {
namespace {

using Conf = ContainersConf;
using Field = std::variant<Conf::Text Conf::*, Conf::List Conf::*, Conf::Maybe<bool> Conf::*,
                           Conf::Maybe<int64_t> Conf::*>;

struct Key {
  std::string_view section, name;
  Field field;
};

const Key kKeys[] = {
    {"containers", "annotations", &Conf::annotations},
    {"containers", "base_hosts_file", &Conf::base_hosts_file},
    {"containers", "cgroupns", &Conf::cgroupns},
    {"containers", "cgroups", &Conf::cgroups},
    {"containers", "default_capabilities", &Conf::default_capabilities},
    {"containers", "default_sysctls", &Conf::default_sysctls},
    {"containers", "default_ulimits", &Conf::default_ulimits},
    {"containers", "devices", &Conf::devices},
    {"containers", "dns_options", &Conf::dns_options},
    {"containers", "dns_searches", &Conf::dns_searches},
    {"containers", "dns_servers", &Conf::dns_servers},
    {"containers", "env", &Conf::env},
    {"containers", "env_host", &Conf::env_host},
    {"containers", "host_containers_internal_ip", &Conf::host_containers_internal_ip},
    {"containers", "http_proxy", &Conf::http_proxy},
    {"containers", "init", &Conf::init},
    {"containers", "init_path", &Conf::init_path},
    {"containers", "ipcns", &Conf::ipcns},
    {"containers", "label", &Conf::label},
    {"containers", "log_driver", &Conf::log_driver},
    {"containers", "log_path", &Conf::log_path},
    {"containers", "log_size_max", &Conf::log_size_max},
    {"containers", "log_tag", &Conf::log_tag},
    {"containers", "mounts", &Conf::mounts},
    {"containers", "netns", &Conf::netns},
    {"containers", "no_hosts", &Conf::no_hosts},
    {"containers", "oom_score_adj", &Conf::oom_score_adj},
    {"containers", "pidns", &Conf::pidns},
    {"containers", "pids_limit", &Conf::pids_limit},
    {"containers", "strict_limits", &Conf::strict_limits},  // ours
    {"containers", "privileged", &Conf::privileged},
    {"containers", "read_only", &Conf::read_only},
    {"containers", "seccomp_profile", &Conf::seccomp_profile},
    {"containers", "shm_size", &Conf::shm_size},
    {"containers", "tz", &Conf::tz},
    {"containers", "umask", &Conf::umask},
    {"containers", "userns", &Conf::userns},
    {"containers", "utsns", &Conf::utsns},
    {"containers", "volumes", &Conf::volumes},
    {"engine", "cgroup_manager", &Conf::cgroup_manager},
    {"engine", "compose_providers", &Conf::compose_providers},
    {"engine", "detach_keys", &Conf::detach_keys},
    {"engine", "env", &Conf::engine_env},
    {"engine", "events_logger", &Conf::events_logger},
    {"engine", "helper_binaries_dir", &Conf::helper_binaries_dir},
    {"engine", "cdi_spec_dirs", &Conf::cdi_spec_dirs},
    {"engine", "image_default_format", &Conf::image_default_format},
    {"engine", "image_default_transport", &Conf::image_default_transport},
    {"engine", "image_parallel_copies", &Conf::image_parallel_copies},
    {"engine", "network_cmd_options", &Conf::network_cmd_options},
    {"engine", "network_cmd_path", &Conf::network_cmd_path},
    {"engine", "num_locks", &Conf::num_locks},
    {"engine", "pull_policy", &Conf::pull_policy},
    {"engine", "retry", &Conf::retry},
    {"engine", "retry_delay", &Conf::retry_delay},
    {"engine", "runtime", &Conf::runtime},
    {"engine", "stop_timeout", &Conf::stop_timeout},
    {"network", "default_network", &Conf::default_network},
    {"network", "default_rootless_network_cmd", &Conf::default_rootless_network_cmd},
    {"network", "default_subnet", &Conf::default_subnet},
    {"network", "dns_bind_port", &Conf::dns_bind_port},
    {"network", "pasta_options", &Conf::pasta_options},
};

Status Assign(Conf::Text& to, const Node& from, std::string_view key) {
  to = TRY(AsString(from, key));
  return Ok();
}
Status Assign(Conf::Maybe<bool>& to, const Node& from, std::string_view key) {
  to = TRY(AsBool(from, key));
  return Ok();
}
Status Assign(Conf::Maybe<int64_t>& to, const Node& from, std::string_view key) {
  to = TRY(AsInteger(from, key));
  return Ok();
}
Status Assign(Conf::List& to, const Node& from, std::string_view key) {
  bool append = false;
  std::vector<std::string> values = TRY(AsStrings(from, key, &append));
  if (!append || !to)
    to = std::move(values);
  else
    to->insert(to->end(), values.begin(), values.end());
  return Ok();
}

const Key* FindKey(std::string_view section, std::string_view name) {
  for (const Key& key : kKeys)
    if (key.section == section && key.name == name) return &key;
  return nullptr;
}

Status ReadSection(Conf& conf, std::string_view section, const Node& table) {
  if (table.kind != Node::Kind::kTable)
    return table.Bad("[" + std::string(section) + "] must be a table");
  for (const auto& [name, value] : table.members) {
    const Key* key = FindKey(section, name);
    if (key == nullptr) {
      // Files are shared with other tools, whose keys come and go: a user who looks for a typing
      // error finds it with --log-level=debug.
      Debug(value.place + ": key " + Quote(name) + " is not used");
      continue;
    }
    const std::string_view text = name;
    const Node& node = value;
    TRY(std::visit([&](auto field) { return Assign(conf.*field, node, text); }, key->field));
  }
  return Ok();
}

}  // namespace

Result<ContainersConf> ContainersConf::LoadFrom(const std::vector<std::string>& files) {
  ContainersConf conf;
  for (const std::string& file : files) {
    const Node document = TRY(ReadToml(file));
    for (const char* section : {"containers", "engine", "network"})
      if (const Node* table = document.Find(section)) TRY(ReadSection(conf, section, *table));
    conf.files.push_back(file);
  }
  return conf;
}

Result<ContainersConf> ContainersConf::Load(const Paths& paths) {
  const std::string named = Env("CONTAINERS_CONF"), override_file = Env("CONTAINERS_CONF_OVERRIDE");
  std::vector<std::string> files =
      named.empty() ? ConfigFiles(paths, "containers.conf") : std::vector<std::string>{named};
  if (!override_file.empty()) files.push_back(override_file);
  Result<ContainersConf> loaded = LoadFrom(files);
  if (!loaded.ok()) return std::move(loaded).error().Hint("correct the file; see: ctool doctor");
  return loaded;
}

}  // namespace ctool::config
