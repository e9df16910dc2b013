// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/ps_rows.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "ctool/image/commands.hpp"
#include "engine/networks.hpp"
#include "network/ports.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::ContainerRow;
using engine::ContainerSpec;

// Go's time.Time{} as a number: what podman prints for "never".
constexpr int64_t kNever = -62135596800;

int64_t Seconds(int64_t wall_nanos) { return wall_nanos == 0 ? kNever : wall_nanos / 1'000'000'000; }

std::string PrintLabels(const std::string& json) {
  const nlohmann::json labels = nlohmann::json::parse(json, nullptr, false);
  std::vector<std::string> parts;
  if (labels.is_object())
    for (const auto& [key, value] : labels.items()) parts.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : ""));
  return Join(parts, ",");
}

// What `.Label "key"` looks in.
Value LabelMap(const std::string& json) {
  const nlohmann::json labels = nlohmann::json::parse(json, nullptr, false);
  Value map = Value::Map();
  if (labels.is_object())
    for (const auto& [key, value] : labels.items())
      if (value.is_string()) map.Set(key, value.get<std::string>());
  return map;
}

Value Labels(const ContainerSpec& spec) {
  Value labels = spec.labels.empty() ? Value::NilMap() : Value::Map();
  for (const auto& [key, value] : spec.labels) labels.Set(key, value);
  return labels;
}

// Named volumes come last, as in podman.
Value Mounts(const ContainerSpec& spec) {
  Value mounts = Value::List("[]string");
  for (const engine::ContainerMount& m : spec.mounts)
    if (m.type == "bind" || m.type == "tmpfs") mounts.Append(m.destination);
  for (const engine::ContainerMount& m : spec.mounts)
    if (m.type == "volume") mounts.Append(m.destination);
  return mounts;
}

Value Ports(const ContainerSpec& spec) {
  const Result<std::vector<network::PortMapping>> mappings = network::ParsePortMappings(spec.ports);
  if (!mappings.ok() || mappings->empty()) return Value::NilList("[]types.PortMapping");
  Value ports = Value::List("[]types.PortMapping");
  for (const network::PortMapping& m : *mappings) {
    Value port = Value::Struct("types.PortMapping");
    port.Set("HostIP", m.host_ip, {.name = "host_ip"}).Set("ContainerPort", int64_t{m.container_port}, {.name = "container_port"});
    port.Set("HostPort", int64_t{m.host_port}, {.name = "host_port"}).Set("Range", int64_t{m.count}, {.name = "range"});
    port.Set("Protocol", m.protocol, {.name = "protocol"});
    ports.Append(std::move(port));
  }
  return ports;
}

// {"80": ["tcp", "udp"]}
Value ExposedPorts(const ContainerSpec& spec) {
  std::map<std::string, std::vector<std::string>> protocols;
  for (const std::string& text : spec.exposed) {
    const Result<network::PortMapping> port = network::ParseExposedPort(text);
    for (uint32_t i = 0; port.ok() && i < port->count; ++i)
      protocols[std::to_string(port->container_port + i)].push_back(port->protocol);
  }
  Value ports = protocols.empty() ? Value::NilMap("map[uint16][]string") : Value::Map("map[uint16][]string");
  for (const auto& [port, of] : protocols) ports.Set(port, of);
  return ports;
}

Value Namespaces(const engine::ContainerNamespaces& n) {
  const auto json = [](std::string_view name) { return Value::Json{.name = name, .omit_empty = true}; };
  Value v = Value::Struct("entities.ListContainerNamespaces");
  v.Set("MNT", n.mnt, json("Mnt")).Set("Cgroup", n.cgroup, json("Cgroup")).Set("IPC", n.ipc, json("Ipc"));
  v.Set("NET", n.net, json("Net")).Set("PIDNS", n.pid, json("Pidns")).Set("UTS", n.uts, json("Uts"));
  v.Set("User", n.user, json("User"));
  return v;
}

Value JsonSize(const ContainerRow& row) {
  if (!row.size) return Value::NilPointer("*define.ContainerSize");
  Value v = Value::Struct("define.ContainerSize");
  v.Set("RootFsSize", row.size->whole, {.name = "rootFsSize"}).Set("RwSize", row.size->written, {.name = "rwSize"});
  return v;
}

// An empty one where the record was listed without it.
ContainerSpec SpecOf(const ContainerRow& row) {
  if (row.container.spec.empty()) return {};
  Result<ContainerSpec> spec = ContainerSpec::Parse(row.container.spec);
  return spec.ok() ? std::move(*spec) : ContainerSpec();
}

// docker/go-units' HumanSizeWithPrecision: "1.98MB".
std::string TightSize(int64_t bytes) {
  std::string text = HumanSize(bytes);
  std::erase(text, ' ');
  return text;
}

}  // namespace

std::string PsId(const std::string& id, bool whole) { return whole ? id : id.substr(0, 12); }

std::string PsCommand(const std::string& command, bool whole) {
  constexpr size_t kWidth = 17;
  return whole || command.size() <= kWidth ? command : command.substr(0, kWidth) + "...";
}

std::string PsAgo(int64_t at) { return HumanDuration(WallNanos() - at) + " ago"; }

std::string PsSize(const ContainerRow& row) {
  return row.size ? fmt::format("{} (virtual {})", TightSize(row.size->written), TightSize(row.size->whole)) : "";
}

bool PsFields::Has(std::string_view name) const {
  // Also of a word that is part of another: then a field more is made.
  return all_ || format_.find(name) != format_.npos;
}

PsFields::PsFields(std::string_view format) : format_(format) {
  // A dot or $ that no name follows is the whole row.
  for (size_t i = 0; i < format.size(); ++i) {
    const char next = i + 1 < format.size() ? format[i + 1] : ' ';
    const bool name = (next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z') || next == '_';
    if (format[i] == '.' && !name) all_ = true;
    if (format[i] == '$' && !name && next != '.') all_ = true;
  }
  // A variable may hold the row.
  if (format.find(":=") != format.npos || format.find("template") != format.npos) all_ = true;
}

Value PsTemplateRow(const ContainerRow& row, bool whole_ids, const PsFields& fields) {
  const state::Container& c = row.container;
  const engine::ContainerNamespaces& n = row.namespaces;
  const ContainerSpec spec = SpecOf(row);
  Value v = Value::Struct("containers.psReporter");
  // Sets a field, and another name for it, if the template may ask for one of them.
  const auto set = [&](std::string_view name, const auto& make, std::string_view alias = {}) {
    if (!fields.Has(name) && (alias.empty() || !fields.Has(alias))) return;
    v.Set(name, Value(make()));
    if (!alias.empty()) v.Alias(alias);
  };
  set("ID", [&] { return PsId(c.id, whole_ids); }, "Id");
  set("Image", [&] { return c.image_name; });
  set("ImageID", [&] { return PsId(c.image_id, whole_ids); });
  set("Command", [&] { return PsCommand(c.command, whole_ids); });
  set("Created", [&] { return Value::Time(c.created); });
  set("CreatedHuman", [&] { return PsAgo(c.created); });
  set("CreatedAt", [&] { return cli::TimeText(Value::Time(c.created).as_time()); });
  set("RunningFor", [&] { return PsAgo(c.created); });
  set("Status", [&] { return row.status; });
  set("State", [&] { return row.state; });
  set("Ports", [&] { return c.ports; });
  set("ExposedPorts", [&] { return ExposedPorts(spec); });
  set("Names", [&] { return c.name; }, "Name");
  set("Labels", [&] { return PrintLabels(c.labels); });
  if (fields.Has("Label")) v.Method("Label", LabelMap(c.labels));
  set("Pid", [&] { return row.pid; }, "PID");
  set("ExitCode", [&] { return int64_t{c.exit_code}; });
  set("Exited", [&] { return row.state == "exited"; });
  set("StartedAt", [&] { return Seconds(c.started); });
  set("ExitedAt", [&] { return Seconds(c.finished); });
  set("AutoRemove", [&] { return c.auto_remove; });
  set("CIDFile", [&] { return spec.cidfile; });
  set("Mounts", [&] { return Mounts(spec); });
  // Of networks with a name; the user-mode one has none.
  set("Networks", [&] { return Join(engine::NetworksOf(c), ","); });
  set("Pod", [] { return ""; });
  set("PodName", [] { return ""; });
  set("Size", [&] { return PsSize(row); });
  set("IsInfra", [] { return false; });
  set("Restarts", [&] { return std::to_string(c.restart_count); });
  set("Namespaces", [&] { return Namespaces(n); });
  set("Cgroup", [&] { return n.cgroup; });
  set("IPC", [&] { return n.ipc; });
  set("MNT", [&] { return n.mnt; });
  set("NET", [&] { return n.net; });
  set("PIDNS", [&] { return n.pid; });
  set("User", [&] { return n.user; }, "USERNS");
  set("UTS", [&] { return n.uts; });
  return v;
}

Value PsJsonRow(const ContainerRow& row) {
  const state::Container& c = row.container;
  const ContainerSpec spec = SpecOf(row);
  Value v = Value::Struct("containers.jsonRow");
  v.Set("AutoRemove", c.auto_remove).Set("Command", spec.Argv());
  v.Set("CreatedAt", PsAgo(c.created)).Set("CIDFile", spec.cidfile).Set("Exited", row.state == "exited");
  v.Set("ExitedAt", Seconds(c.finished)).Set("ExitCode", int64_t{c.exit_code});
  v.Set("ExposedPorts", ExposedPorts(spec));
  v.Set("Id", c.id).Set("Image", c.image_name).Set("ImageID", c.image_id).Set("IsInfra", false);
  v.Set("Labels", Labels(spec)).Set("Mounts", Mounts(spec));
  v.Set("Names", std::vector<std::string>{c.name});
  v.Set("Namespaces", Namespaces(row.namespaces)).Set("Networks", engine::NetworksOf(c));
  v.Set("Pid", row.pid).Set("Pod", "").Set("PodName", "");
  v.Set("Ports", Ports(spec)).Set("Restarts", c.restart_count).Set("Size", JsonSize(row));
  v.Set("StartedAt", Seconds(c.started)).Set("State", row.state).Set("Status", row.status);
  v.Set("Created", c.created / 1'000'000'000);
  return v;
}

}  // namespace ctool
