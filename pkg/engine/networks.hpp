// SPDX-License-Identifier: Apache-2.0
//
// User networks: `network create`, `ls` ...
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bridge/attachment.hpp"
#include "bridge/definition.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct CreateNetworkOptions {
  std::string name;  // empty: chosen
  std::vector<std::string> subnets, gateways, ranges;  // the first gateway is the first subnet's
  std::vector<std::string> dns, labels, options, routes;
  std::string driver = "bridge", ipam_driver, interface;
  bool internal = false, disable_dns = false, ipv6 = false;
  bool ignore = false;  // one that is there already is as good
};
// Returns its name.
Result<std::string> CreateNetwork(Engine& engine, const CreateNetworkOptions& options);

// --dns-add, --dns-drop: servers that the network's names are not known to. Containers see it when the network is used
// anew.
Status UpdateNetwork(Engine& engine, const std::string& name_or_id, const std::vector<std::string>& add,
                     const std::vector<std::string>& drop);

// By name. Filters: name=, id=, driver=, label=, label!=, dangling=, until=.
Result<std::vector<bridge::Definition>> ListNetworks(Engine& engine, const std::vector<std::string>& filters);
Result<bridge::Definition> FindNetwork(Engine& engine, const std::string& name_or_id);

// The names of a container's networks, by its record; empty: it has none.
std::vector<std::string> NetworksOf(const state::Container& record);

// A running container's place in a network.
struct NetworkMember {
  std::string id, name, interface, mac;
  std::vector<bridge::SubnetConfig> subnets;  // subnet: its address with the length, "10.89.0.2/24"; and the gateway
};
Result<std::vector<NetworkMember>> MembersOf(Engine& engine, const bridge::Definition& network);

struct RemoveNetworkOptions {
  bool force = false;  // also the containers that use it; one that is not there is as good
  std::optional<int64_t> time = std::nullopt;
};
// kNotFound, kBusy: containers use it.
Status RemoveNetwork(Engine& engine, const std::string& name_or_id, const RemoveNetworkOptions& options);

// Those that no container uses; their names. Filters: label=, label!=, until=.
Result<std::vector<std::string>> PruneNetworks(Engine& engine, const std::vector<std::string>& filters);

// A container of bridge networks gets one more, or loses one; at once if it runs. `wanted.network` is a name or an id.
Status ConnectNetwork(Engine& engine, const std::string& container, bridge::Attachment wanted);
// `force`: a container that is not there, or not connected, is as good.
Status DisconnectNetwork(Engine& engine, const std::string& container, const std::string& network, bool force);

}  // namespace ctool::engine
