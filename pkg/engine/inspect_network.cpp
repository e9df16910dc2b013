// SPDX-License-Identifier: Apache-2.0
//
// "NetworkSettings" and "Mounts".
#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "engine/inspect_internal.hpp"
#include "engine/network_users_internal.hpp"
#include "network/ports.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

std::string PortName(uint32_t port, const std::string& protocol) {
  return std::to_string(port) + "/" + protocol;
}

// The fields that a network of the container has, and the container for its first one.
Json Endpoint(const network::Backend& at) {
  return {{"EndpointID", ""},
          {"Gateway", at.gateway},
          {"IPAddress", at.address},
          {"IPPrefixLen", at.prefix},
          {"IPv6Gateway", at.gateway6},
          {"GlobalIPv6Address", at.address6},
          {"GlobalIPv6PrefixLen", at.prefix6},
          {"MacAddress", ""}};
}

void Name(Json& network, const std::string& id, const Json& aliases) {
  network["NetworkID"] = id;
  for (const char* name : {"DriverOpts", "IPAMConfig", "Links"}) network[name] = nullptr;
  network["Aliases"] = aliases;
}

// Nobody else can reach the addresses of a user-mode network.
Json UserModeNetwork(const InspectInput& in) {
  Json network = Endpoint(in.network);
  Name(network, in.spec.network_mode, nullptr);
  return network;
}

Json BridgeEndpoint(const JoinedNetwork& joined) {
  Json network = Endpoint({});
  for (const bridge::SubnetConfig& place : PlacesIn(joined)) {
    const size_t slash = place.subnet.find('/');
    const bool v6 = place.subnet.find(':') != std::string::npos;
    network[v6 ? "GlobalIPv6Address" : "IPAddress"] = place.subnet.substr(0, slash);
    network[v6 ? "GlobalIPv6PrefixLen" : "IPPrefixLen"] = ParseInt(place.subnet.substr(slash + 1)).value_or(0);
    network[v6 ? "IPv6Gateway" : "Gateway"] = place.gateway;
  }
  network["MacAddress"] = joined.mac;
  return network;
}

Json Networks(const InspectInput& in) {
  const ContainerSpec& spec = in.spec;
  Json out = Json::object();
  for (const bridge::Attachment& attachment : spec.networks) {
    std::vector<std::string> aliases = attachment.aliases;
    aliases.push_back(spec.id.substr(0, 12));
    out[attachment.network] = Endpoint({});
    Name(out[attachment.network], attachment.network, aliases);
  }
  // Another container's, too.
  for (const JoinedNetwork& joined : in.networks) {
    out[joined.definition.name] = BridgeEndpoint(joined);
    Name(out[joined.definition.name], joined.definition.name, joined.aliases);
  }
  if (out.empty() && spec.network_mode != "bridge" && NetworkOwner(spec).empty())
    out[spec.network_mode] = UserModeNetwork(in);
  return out;
}

}  // namespace

InspectJson InspectPublishedPorts(const ContainerSpec& spec) {
  Json out = Json::object();
  const Result<std::vector<network::PortMapping>> mappings = network::ParsePortMappings(spec.ports);
  if (!mappings.ok()) return out;
  for (const network::PortMapping& m : *mappings)
    for (uint32_t i = 0; i < m.count; ++i)
      out[PortName(m.container_port + i, m.protocol)].push_back(
          {{"HostIp", m.host_ip.empty() ? "0.0.0.0" : m.host_ip},
           {"HostPort", std::to_string(m.host_port + i)}});
  return out;
}

InspectJson InspectNetwork(const InspectInput& in) {
  const ContainerSpec& spec = in.spec;
  Json ports = InspectPublishedPorts(spec);
  for (const std::string& text : spec.exposed) {
    const Result<network::PortMapping> port = network::ParseExposedPort(text);
    if (!port.ok()) continue;
    for (uint32_t i = 0; i < port->count; ++i) {
      const std::string name = PortName(port->container_port + i, port->protocol);
      if (!ports.contains(name)) ports[name] = nullptr;
    }
  }
  const bool own = in.live && spec.network_mode != "host";
  // That of the default network alone is the container's own, as docker has it.
  const bool only = in.networks.size() == 1 && in.networks[0].definition.name == kDefaultNetwork;
  Json out = only ? BridgeEndpoint(in.networks[0]) : Endpoint({});
  for (const char* name : {"Bridge", "SandboxID"}) out[name] = "";
  out["HairpinMode"] = false;
  out["LinkLocalIPv6Address"] = "";
  out["LinkLocalIPv6PrefixLen"] = 0;
  out["Ports"] = std::move(ports);
  out["SandboxKey"] = own ? "/proc/" + std::to_string(in.live->pid) + "/ns/net" : "";
  out["Networks"] = Networks(in);
  return out;
}

}  // namespace ctool::engine
