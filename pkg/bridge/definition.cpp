// SPDX-License-Identifier: Apache-2.0
#include "bridge/definition.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "bridge/json_internal.hpp"
#include "digest/sha256.hpp"

namespace ctool::bridge {
namespace {

std::string Text(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_string() ? it->get<std::string>() : "";
}

bool Flag(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_boolean() && it->get<bool>();
}

std::map<std::string, std::string> Strings(const Json& from, const char* key) {
  std::map<std::string, std::string> out;
  const auto it = from.find(key);
  if (it == from.end() || !it->is_object()) return out;
  for (const auto& [name, value] : it->items())
    if (value.is_string()) out[name] = value.get<std::string>();
  return out;
}

const Json& Array(const Json& from, const char* key) {
  static const Json none = Json::array();
  const auto it = from.find(key);
  return it != from.end() && it->is_array() ? *it : none;
}

SubnetConfig ReadSubnet(const Json& from) {
  SubnetConfig subnet{Text(from, "subnet"), Text(from, "gateway"), "", ""};
  if (const auto range = from.find("lease_range"); range != from.end() && range->is_object()) {
    subnet.lease_start = Text(*range, "start_ip");
    subnet.lease_end = Text(*range, "end_ip");
  }
  return subnet;
}

Json PrintSubnet(const SubnetConfig& subnet) {
  Json out{{"subnet", subnet.subnet}};
  if (!subnet.gateway.empty()) out["gateway"] = subnet.gateway;
  if (!subnet.lease_start.empty()) out["lease_range"] = {{"start_ip", subnet.lease_start}, {"end_ip", subnet.lease_end}};
  return out;
}

}  // namespace

Json ToJson(const Definition& d) {
  Json out{{"name", d.name}, {"id", d.id}, {"driver", d.driver}, {"network_interface", d.interface}, {"created", d.created}};
  out["subnets"] = Json::array();
  for (const SubnetConfig& subnet : d.subnets) out["subnets"].push_back(PrintSubnet(subnet));
  for (const Route& route : d.routes) {
    Json r{{"destination", route.destination}, {"gateway", route.gateway}};
    if (route.metric > 0) r["metric"] = route.metric;
    out["routes"].push_back(std::move(r));
  }
  out["ipv6_enabled"] = d.ipv6;
  out["internal"] = d.internal;
  out["dns_enabled"] = d.dns;
  if (!d.dns_servers.empty()) out["network_dns_servers"] = d.dns_servers;
  if (!d.labels.empty()) out["labels"] = d.labels;
  if (!d.options.empty()) out["options"] = d.options;
  out["ipam_options"] = d.ipam_options;
  return out;
}

Result<Definition> Definition::Parse(std::string_view json) {
  const Json doc = Json::parse(json, nullptr, false);
  if (!doc.is_object() || Text(doc, "name").empty()) return Error(Code::kCorrupt, "the definition of a network is not JSON with a name");
  Definition d;
  d.name = Text(doc, "name");
  d.id = Text(doc, "id");
  d.driver = Text(doc, "driver");
  d.interface = Text(doc, "network_interface");
  d.created = Text(doc, "created");
  for (const Json& subnet : Array(doc, "subnets"))
    if (subnet.is_object()) d.subnets.push_back(ReadSubnet(subnet));
  for (const Json& route : Array(doc, "routes"))
    if (route.is_object()) d.routes.push_back({Text(route, "destination"), Text(route, "gateway"), route.value("metric", int64_t{0})});
  d.ipv6 = Flag(doc, "ipv6_enabled");
  d.internal = Flag(doc, "internal");
  d.dns = Flag(doc, "dns_enabled");
  for (const Json& server : Array(doc, "network_dns_servers"))
    if (server.is_string()) d.dns_servers.push_back(server.get<std::string>());
  d.labels = Strings(doc, "labels");
  d.options = Strings(doc, "options");
  d.ipam_options = Strings(doc, "ipam_options");
  return d;
}

std::string Definition::Print() const { return ToJson(*this).dump(5, ' ', false, Json::error_handler_t::replace); }

std::string IdOf(const std::string& name) { return std::string(digest::Sha256(name).hex()); }

Definition DefaultNetwork() {
  Definition d;
  d.name = "podman";
  d.id = IdOf(d.name);
  d.interface = "podman0";
  d.created = Rfc3339Utc(WallNanos());  // podman has it so: it was never made
  d.subnets = {{"10.88.0.0/16", "10.88.0.1", "", ""}};
  d.dns = false;
  d.ipam_options = {{"driver", "host-local"}};
  return d;
}

}  // namespace ctool::bridge
