// SPDX-License-Identifier: Apache-2.0
//
// The image config: what a container made from the image gets by default.

#include "base/text.hpp"
#include "spec/image.hpp"
#include "spec/json_internal.hpp"

namespace ctool::spec {
namespace {

// "80", "80/tcp", "8000-8010/udp"
bool ValidPort(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string protocol = ToLower(text.substr(slash + 1));
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return false;
    text = text.substr(0, slash);
  }
  const size_t dash = text.find('-');
  const auto first = ParseUint(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : ParseUint(text.substr(dash + 1));
  return first && last && *first <= *last && *last <= 65535;
}

Result<HealthCheck> ReadHealthCheck(const Object& object) {
  HealthCheck out;
  out.test = TRY(object.Strings("Test"));
  out.interval = TRY(object.Count("Interval"));
  out.timeout = TRY(object.Count("Timeout"));
  out.start_period = TRY(object.Count("StartPeriod"));
  out.retries = TRY(object.Count("Retries"));
  return out;
}

Result<std::string> PlainString(const Object& object, const char* key) {
  std::string text = TRY(object.String(key));
  TRY(RefuseNul(object, key, text));
  return text;
}

Result<ImageDefaults> ReadDefaults(const Object& object) {
  ImageDefaults out;
  out.user = TRY(PlainString(object, "User"));
  out.working_dir = TRY(PlainString(object, "WorkingDir"));
  out.stop_signal = TRY(PlainString(object, "StopSignal"));
  out.env = TRY(object.Strings("Env"));
  out.entrypoint = TRY(object.Strings("Entrypoint"));
  out.cmd = TRY(object.Strings("Cmd"));
  out.exposed_ports = TRY(object.Keys("ExposedPorts"));
  for (const std::string& port : out.exposed_ports)
    if (!ValidPort(port))
      return object.Bad("exposedPorts", "has an invalid port " + Quote(port.substr(0, 100)));
  out.volumes = TRY(object.Keys("Volumes"));
  out.labels = TRY(object.StringMap("Labels"));
  out.on_build = TRY(object.Strings("OnBuild"));
  out.shell = TRY(object.Strings("Shell"));
  if (object.Find("Healthcheck") != nullptr) {
    const Object check = TRY(object.Member("Healthcheck"));
    out.healthcheck = TRY(ReadHealthCheck(check));
  }
  return out;
}

Result<HistoryEntry> ReadHistory(const Object& object) {
  HistoryEntry out;
  out.created = TRY(object.String("created"));
  out.created_by = TRY(object.String("created_by"));
  out.author = TRY(object.String("author"));
  out.comment = TRY(object.String("comment"));
  out.empty_layer = TRY(object.Bool("empty_layer"));
  return out;
}

Result<std::vector<Digest>> ReadDiffIds(const Object& rootfs) {
  std::vector<Digest> out;
  for (const std::string& text : TRY(rootfs.Strings("diff_ids")))
    out.push_back(TRY_CTX(rootfs.where(), Digest::Parse(text)));
  return out;
}

// Adds `value` under `key` unless it is empty: what Go's omitempty does.
template <class T>
void Add(OrderedJson& object, const char* key, const T& value) {
  if (!value.empty()) object[key] = value;
}

// {"a": {}, "b": {}}: how the config writes a set.
void AddSet(OrderedJson& object, const char* key, const std::vector<std::string>& names) {
  for (const std::string& name : names) object[key][name] = OrderedJson::object();
}

OrderedJson PrintHealthCheck(const HealthCheck& check) {
  OrderedJson out = OrderedJson::object();
  Add(out, "Test", check.test);
  if (check.interval != 0) out["Interval"] = check.interval;
  if (check.timeout != 0) out["Timeout"] = check.timeout;
  if (check.start_period != 0) out["StartPeriod"] = check.start_period;
  if (check.retries != 0) out["Retries"] = check.retries;
  return out;
}

OrderedJson PrintDefaults(const ImageDefaults& config) {
  OrderedJson out = OrderedJson::object();
  Add(out, "User", config.user);
  AddSet(out, "ExposedPorts", config.exposed_ports);
  Add(out, "Env", config.env);
  Add(out, "Entrypoint", config.entrypoint);
  Add(out, "Cmd", config.cmd);
  AddSet(out, "Volumes", config.volumes);
  Add(out, "WorkingDir", config.working_dir);
  Add(out, "Labels", config.labels);
  Add(out, "StopSignal", config.stop_signal);
  // Docker's additions to the config of the OCI spec.
  if (config.healthcheck) out["Healthcheck"] = PrintHealthCheck(*config.healthcheck);
  Add(out, "OnBuild", config.on_build);
  Add(out, "Shell", config.shell);
  return out;
}

OrderedJson PrintHistory(const std::vector<HistoryEntry>& history) {
  OrderedJson out = OrderedJson::array();
  for (const HistoryEntry& entry : history) {
    OrderedJson one = OrderedJson::object();
    Add(one, "created", entry.created);
    Add(one, "created_by", entry.created_by);
    Add(one, "author", entry.author);
    Add(one, "comment", entry.comment);
    if (entry.empty_layer) one["empty_layer"] = true;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<ImageConfig> ImageConfig::Parse(std::string_view bytes) {
  const Json json = TRY(ParseJson(bytes, "image config", kMaxDocumentBytes));
  if (json.is_null()) return Error(Code::kCorrupt, "missing config: the image config is null");
  const Object doc = TRY(Object::Of(json, "image config"));
  ImageConfig out;
  out.created = TRY(doc.String("created"));
  out.author = TRY(doc.String("author"));
  out.comment = TRY(doc.String("comment"));
  out.platform.os = TRY(doc.String("os"));
  out.platform.architecture = TRY(doc.String("architecture"));
  out.platform.variant = TRY(doc.String("variant"));
  if (const Json* config = doc.Find("config"); config != nullptr) {
    const Object defaults = TRY(Object::Of(*config, "image config"));
    out.config = TRY(ReadDefaults(defaults));
  }
  const Object rootfs = TRY(doc.Member("rootfs"));
  const std::string type = TRY(rootfs.String("type"));
  if (type != "layers") return rootfs.Bad("type", "must be \"layers\"");
  out.diff_ids = TRY(ReadDiffIds(rootfs));
  for (const Object& entry : TRY(doc.Objects("history")))
    out.history.push_back(TRY(ReadHistory(entry)));
  return out;
}

std::string ImageConfig::Print() const {
  OrderedJson out;
  Add(out, "created", created);
  Add(out, "author", author);
  out["architecture"] = platform.architecture;
  if (!platform.variant.empty()) out["variant"] = platform.variant;
  out["os"] = platform.os;
  out["config"] = PrintDefaults(config);
  OrderedJson& rootfs = out["rootfs"];
  rootfs["type"] = "layers";
  rootfs["diff_ids"] = OrderedJson::array();
  for (const Digest& id : diff_ids) rootfs["diff_ids"].push_back(id.str());
  if (!history.empty()) out["history"] = PrintHistory(history);
  Add(out, "comment", comment);
  return PrintJson(out);
}

}  // namespace ctool::spec
