// SPDX-License-Identifier: Apache-2.0
#include "spec/runtime.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ctool::spec {
namespace {

using Json = nlohmann::ordered_json;

// Field readers: an absent field, or one of another type, leaves the default.
template <class T>
void Read(const Json& from, const char* key, T& into) {
  const Json::const_iterator it = from.find(key);
  if (it == from.end()) return;
  const Json& value = *it;
  if constexpr (std::is_same_v<T, bool>) {
    if (value.is_boolean()) into = value.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (value.is_number_integer()) into = static_cast<T>(value.get<int64_t>());
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (value.is_string()) into = value.get<std::string>();
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    if (!value.is_array()) return;
    for (const Json& item : value)
      if (item.is_string()) into.push_back(item.get<std::string>());
  } else if constexpr (std::is_same_v<T, std::vector<uint32_t>>) {
    if (!value.is_array()) return;
    for (const Json& item : value)
      if (item.is_number_unsigned()) into.push_back(item.get<uint32_t>());
  } else {
    if (!value.is_object()) return;
    for (const auto& [name, text] : value.items())
      if (text.is_string()) into[name] = text.template get<std::string>();
  }
}

const Json& Child(const Json& from, const char* key) {
  static const Json kEmpty = Json::object();
  const auto it = from.find(key);
  return it != from.end() && (it->is_object() || it->is_array()) ? *it : kEmpty;
}

RuntimeProcess ReadProcess(const Json& from) {
  RuntimeProcess p;
  Read(from, "terminal", p.terminal);
  const Json& size = Child(from, "consoleSize");
  Read(size, "height", p.console_height);
  Read(size, "width", p.console_width);
  const Json& user = Child(from, "user");
  Read(user, "uid", p.uid);
  Read(user, "gid", p.gid);
  Read(user, "additionalGids", p.additional_gids);
  if (user.contains("umask") && user["umask"].is_number_unsigned())
    p.umask = user["umask"].get<uint32_t>();
  Read(from, "args", p.args);
  Read(from, "env", p.env);
  Read(from, "cwd", p.cwd);
  const Json& caps = Child(from, "capabilities");
  Read(caps, "bounding", p.capabilities.bounding);
  Read(caps, "effective", p.capabilities.effective);
  Read(caps, "permitted", p.capabilities.permitted);
  Read(caps, "inheritable", p.capabilities.inheritable);
  Read(caps, "ambient", p.capabilities.ambient);
  for (const Json& item : Child(from, "rlimits")) {
    if (!item.is_object()) continue;
    Rlimit limit;
    Read(item, "type", limit.type);
    if (item.contains("soft") && item["soft"].is_number()) limit.soft = item["soft"].get<uint64_t>();
    if (item.contains("hard") && item["hard"].is_number()) limit.hard = item["hard"].get<uint64_t>();
    p.rlimits.push_back(std::move(limit));
  }
  Read(from, "noNewPrivileges", p.no_new_privileges);
  Read(from, "apparmorProfile", p.apparmor_profile);
  Read(from, "selinuxLabel", p.selinux_label);
  if (from.contains("oomScoreAdj") && from["oomScoreAdj"].is_number_integer())
    p.oom_score_adj = from["oomScoreAdj"].get<int>();
  return p;
}

std::vector<LinuxIdMapping> ReadMappings(const Json& from) {
  std::vector<LinuxIdMapping> mappings;
  for (const Json& item : from) {
    if (!item.is_object()) continue;
    LinuxIdMapping m;
    Read(item, "containerID", m.container_id);
    Read(item, "hostID", m.host_id);
    Read(item, "size", m.size);
    mappings.push_back(m);
  }
  return mappings;
}

Json PrintProcess(const RuntimeProcess& p) {
  Json user = {{"uid", p.uid}, {"gid", p.gid}};
  if (p.umask) user["umask"] = *p.umask;
  if (!p.additional_gids.empty()) user["additionalGids"] = p.additional_gids;
  Json out = {{"terminal", p.terminal}};
  if (p.console_height != 0 || p.console_width != 0)
    out["consoleSize"] = {{"height", p.console_height}, {"width", p.console_width}};
  out["user"] = std::move(user);
  out["args"] = p.args;
  out["env"] = p.env;
  out["cwd"] = p.cwd;
  out["capabilities"] = {{"bounding", p.capabilities.bounding},
                         {"effective", p.capabilities.effective},
                         {"permitted", p.capabilities.permitted},
                         {"inheritable", p.capabilities.inheritable},
                         {"ambient", p.capabilities.ambient}};
  Json limits = Json::array();
  for (const Rlimit& l : p.rlimits)
    limits.push_back({{"type", l.type}, {"hard", l.hard}, {"soft", l.soft}});
  out["rlimits"] = std::move(limits);
  out["noNewPrivileges"] = p.no_new_privileges;
  if (!p.apparmor_profile.empty()) out["apparmorProfile"] = p.apparmor_profile;
  if (!p.selinux_label.empty()) out["selinuxLabel"] = p.selinux_label;
  if (p.oom_score_adj) out["oomScoreAdj"] = *p.oom_score_adj;
  return out;
}

Json PrintMappings(const std::vector<LinuxIdMapping>& mappings) {
  Json out = Json::array();
  for (const LinuxIdMapping& m : mappings)
    out.push_back({{"containerID", m.container_id}, {"hostID", m.host_id}, {"size", m.size}});
  return out;
}

}  // namespace

bool RuntimeSpec::HasNamespace(std::string_view type) const {
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [&](const LinuxNamespace& n) { return n.type == type; });
}

std::string RuntimeSpec::Annotation(const std::string& key) const {
  const auto it = annotations.find(key);
  return it == annotations.end() ? std::string() : it->second;
}

Result<RuntimeSpec> RuntimeSpec::Parse(std::string_view bytes) {
  const Json doc = Json::parse(bytes, nullptr, false);
  if (!doc.is_object()) return Error(Code::kCorrupt, "config.json is not a JSON object");
  RuntimeSpec s;
  Read(Child(doc, "root"), "path", s.root_path);
  Read(Child(doc, "root"), "readonly", s.root_readonly);
  Read(doc, "hostname", s.hostname);
  s.process = ReadProcess(Child(doc, "process"));
  for (const Json& item : Child(doc, "mounts")) {
    if (!item.is_object()) continue;
    RuntimeMount m;
    Read(item, "destination", m.destination);
    Read(item, "type", m.type);
    Read(item, "source", m.source);
    Read(item, "options", m.options);
    s.mounts.push_back(std::move(m));
  }
  Read(doc, "annotations", s.annotations);
  const Json& linux_part = Child(doc, "linux");
  for (const Json& item : Child(linux_part, "namespaces")) {
    if (!item.is_object()) continue;
    LinuxNamespace n;
    Read(item, "type", n.type);
    Read(item, "path", n.path);
    s.namespaces.push_back(std::move(n));
  }
  s.uid_mappings = ReadMappings(Child(linux_part, "uidMappings"));
  s.gid_mappings = ReadMappings(Child(linux_part, "gidMappings"));
  Read(linux_part, "maskedPaths", s.masked_paths);
  Read(linux_part, "readonlyPaths", s.readonly_paths);
  Read(linux_part, "sysctl", s.sysctl);
  Read(Child(linux_part, "personality"), "domain", s.personality);
  if (s.root_path.empty()) return Error(Code::kCorrupt, "config.json has no root.path");
  return s;
}

std::string RuntimeSpec::Print() const {
  Json doc = {{"ociVersion", "1.1.0"}};
  doc["root"] = {{"path", root_path}, {"readonly", root_readonly}};
  if (!hostname.empty()) doc["hostname"] = hostname;
  doc["process"] = PrintProcess(process);
  Json list = Json::array();
  for (const RuntimeMount& m : mounts)
    list.push_back({{"destination", m.destination}, {"type", m.type}, {"source", m.source},
                    {"options", m.options}});
  doc["mounts"] = std::move(list);
  doc["annotations"] = annotations;
  Json ns = Json::array();
  for (const LinuxNamespace& n : namespaces) {
    ns.push_back({{"type", n.type}});
    if (!n.path.empty()) ns.back()["path"] = n.path;
  }
  doc["linux"] = {{"namespaces", std::move(ns)},
                  {"uidMappings", PrintMappings(uid_mappings)},
                  {"gidMappings", PrintMappings(gid_mappings)},
                  {"maskedPaths", masked_paths},
                  {"readonlyPaths", readonly_paths},
                  {"sysctl", sysctl}};
  if (!personality.empty()) doc["linux"]["personality"] = {{"domain", personality}};
  return doc.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::spec
