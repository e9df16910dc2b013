// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/filter_time.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

using cli::Value;

Value Map(const std::map<std::string, std::string>& map) {
  if (map.empty()) return Value::NilMap();
  Value out = Value::Map();
  for (const auto& [key, value] : map) out.Set(key, value);
  return out;
}

Value Subnet(const bridge::SubnetConfig& config) {
  Value v = Value::Struct("types.Subnet");
  v.Set("Subnet", config.subnet, {.name = "subnet"});
  v.Set("Gateway", config.gateway, {.name = "gateway", .omit_empty = true});
  Value range = Value::NilPointer("*types.LeaseRange");
  if (!config.lease_start.empty()) {
    range = Value::Struct("types.LeaseRange");
    range.Set("StartIP", config.lease_start, {.name = "start_ip"}).Set("EndIP", config.lease_end, {.name = "end_ip"});
  }
  return v.Set("LeaseRange", range, {.name = "lease_range", .omit_empty = true});
}

Value Route(const bridge::Route& route) {
  Value v = Value::Struct("types.Route");
  v.Set("Destination", route.destination, {.name = "destination"}).Set("Gateway", route.gateway, {.name = "gateway"});
  return v.Set("Metric", route.metric, {.name = "metric", .omit_empty = true});
}

Value Member(const engine::NetworkMember& member) {
  Value subnets = Value::List("[]types.NetAddress");
  for (const bridge::SubnetConfig& place : member.subnets) {
    Value address = Value::Struct("types.NetAddress");
    address.Set("IPNet", place.subnet, {.name = "ipnet"}).Set("Gateway", place.gateway, {.name = "gateway", .omit_empty = true});
    subnets.Append(address);
  }
  Value interface = Value::Struct("types.NetInterface");
  interface.Set("Subnets", subnets, {.name = "subnets", .omit_empty = true}).Set("MacAddress", member.mac, {.name = "mac_address"});
  Value interfaces = Value::Map("map[string]types.NetInterface");
  interfaces.Set(member.interface, interface);
  Value v = Value::Struct("entities.NetworkContainerInfo");
  return v.Set("Name", member.name, {.name = "name"}).Set("Interfaces", interfaces, {.name = "interfaces", .omit_empty = true});
}

Value Created(const std::string& text) {
  const Result<int64_t> nanos = engine::ParseFilterTime(text);
  if (!nanos.ok()) return Value::ZeroTime();
  return Value::Time({.seconds = *nanos / 1'000'000'000, .nanos = static_cast<int32_t>(*nanos % 1'000'000'000), .zone = "UTC"});
}

}  // namespace

void SetNetworkFields(const bridge::Definition& d, Value& v) {
  v.Set("Driver", d.driver, {.name = "driver"}).Set("NetworkInterface", d.interface, {.name = "network_interface", .omit_empty = true});
  v.Set("Created", Created(d.created), {.name = "created", .omit_empty = true});
  Value subnets = Value::List("[]types.Subnet");
  for (const bridge::SubnetConfig& config : d.subnets) subnets.Append(Subnet(config));
  v.Set("Subnets", subnets, {.name = "subnets", .omit_empty = true});
  Value routes = Value::List("[]types.Route");
  for (const bridge::Route& route : d.routes) routes.Append(Route(route));
  v.Set("Routes", routes, {.name = "routes", .omit_empty = true});
  v.Set("IPv6Enabled", d.ipv6, {.name = "ipv6_enabled"}).Set("Internal", d.internal, {.name = "internal"});
  v.Set("DNSEnabled", d.dns, {.name = "dns_enabled"});
  v.Set("NetworkDNSServers", d.dns_servers.empty() ? Value::NilList() : Value(d.dns_servers),
        {.name = "network_dns_servers", .omit_empty = true});
  v.Set("Labels", Map(d.labels), {.name = "labels", .omit_empty = true});
  v.Set("Options", Map(d.options), {.name = "options", .omit_empty = true});
  v.Set("IPAMOptions", Map(d.ipam_options), {.name = "ipam_options", .omit_empty = true});
}

Result<Value> NetworkValue(Context& context, const bridge::Definition& network) {
  Value v = Value::Struct("types.Network");
  v.Set("Name", network.name, {.name = "name"}).Set("ID", network.id, {.name = "id"}).Alias("Id");
  SetNetworkFields(network, v);
  Value members = Value::Map("map[string]entities.NetworkContainerInfo");
  for (const engine::NetworkMember& member : TRY(engine::MembersOf(context.engine, network))) members.Set(member.id, Member(member));
  return v.Set("Containers", members, {.name = "containers"});
}

}  // namespace ctool
