// SPDX-License-Identifier: Apache-2.0
#include "bridge/subnet.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/network_users_internal.hpp"
#include "engine/networks.hpp"
#include "engine/settle_internal.hpp"

namespace ctool::engine {

std::vector<bridge::SubnetConfig> PlacesIn(const JoinedNetwork& network) {
  std::vector<bridge::SubnetConfig> places;
  for (const std::string& text : network.addresses)
    for (const bridge::SubnetConfig& config : network.definition.subnets) {
      const std::optional<bridge::Address> address = bridge::Address::Parse(text);
      const Result<bridge::Subnet> subnet = bridge::Subnet::Parse(config.subnet);
      if (address && subnet.ok() && subnet->Contains(*address))
        places.push_back({text + "/" + std::to_string(subnet->bits()), config.gateway, "", ""});
    }
  return places;
}

Result<std::vector<NetworkMember>> MembersOf(Engine& engine, const bridge::Definition& network) {
  std::vector<NetworkMember> members;
  for (const std::string& id : TRY(NetworkUsers::Read(engine)).Of(network.name)) {
    if (!TRY(FindProcess(engine, id))) continue;
    const std::optional<state::Container> container = TRY(TRY(engine.Db())->FindContainer(id));
    if (!container) continue;
    for (const JoinedNetwork& joined : JoinedNetworks(TRY(engine.RunDir(id, false))))
      if (joined.definition.name == network.name)
        members.push_back({id, container->name, joined.interface, joined.mac, PlacesIn(joined)});
  }
  return members;
}

}  // namespace ctool::engine
