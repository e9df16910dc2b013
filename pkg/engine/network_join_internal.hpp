// SPDX-License-Identifier: Apache-2.0
//
// What a container gets from bridge networks, and from another container's network, when it starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bridge/attachment.hpp"
#include "bridge/catalog.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/networks.hpp"
#include "engine/settle_internal.hpp"
#include "monitor/sandbox.hpp"
#include "network/netavark.hpp"
#include "network/shared.hpp"
#include "state/store.hpp"

namespace ctool::engine {

Result<bridge::Catalog> Networks(Engine& engine);
Result<network::SharedFolder> SharedNetworkFolder(Engine& engine);

// `names`: aardvark-dns is wanted too; without it, a warning. kNotFound: netavark is not installed.
Result<network::NetavarkOrder> FindNetavark(Engine& engine, bool names);

// The addresses of a container in a network. The caller holds the folder's lock; adds to `files` as TakeAddresses does.
Result<bridge::Connected> TakePlace(Engine& engine, const std::string& container, const network::SharedFolder& folder,
                                    const bridge::Attachment& wanted, std::vector<std::string>& files);

// What the sandbox of a container is made from besides its JSON.
struct SandboxOrigin {
  std::vector<sys::Fd> descriptors;  // those of monitor::Sandbox's `joined`
  sys::Fd alive;                     // keeps the shared namespaces until the monitor does
  // Files of addresses that were taken. They are given back unless the container has started: then its monitor does that.
  std::vector<std::string> leases;

  SandboxOrigin() = default;
  SandboxOrigin(SandboxOrigin&&) = default;
  SandboxOrigin& operator=(SandboxOrigin&&) = delete;
  ~SandboxOrigin();
};

// For network_mode "bridge": joins the shared namespaces (and makes them, when this is their first container), takes
// addresses, and notes them in the container's run folder.
Status JoinBridges(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin);
// The process of a container whose namespaces another is to share; starts it if it does not run. `what` is for errors.
Result<LiveProcess> RunningOwner(Engine& engine, const std::string& id, const std::string& what);

// A container's networks as they were made, from its run folder; empty: none, or it does not run.
struct JoinedNetwork {
  bridge::Definition definition;
  std::string interface, mac;
  std::vector<std::string> aliases, addresses;  // addresses without length
};
std::vector<JoinedNetwork> JoinedNetworks(const std::string& run_dir);
// Its addresses with the subnet's length, and the gateways.
std::vector<bridge::SubnetConfig> PlacesIn(const JoinedNetwork& network);
// Where published ports lead; empty: it has none.
std::string FirstIpv4(const std::vector<JoinedNetwork>& networks);

// Takes away what a killed monitor has left of a container that does not run: ports, names, addresses.
void LeaveBridges(Engine& engine, const std::string& id);

// What the record has as network_mode, so that listings need not read the whole spec: the mode, and for "bridge" the
// networks, "bridge:NET1,NET2".
std::string NetworkModeText(const ContainerSpec& spec);

// The full id of a container whose network is shared; "" for other modes.
std::string NetworkOwner(const ContainerSpec& spec);

}  // namespace ctool::engine
