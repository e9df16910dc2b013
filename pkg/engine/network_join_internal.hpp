// SPDX-License-Identifier: Apache-2.0
//
// What a container gets from bridge networks, and from another container's network, when it starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bridge/catalog.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "monitor/sandbox.hpp"
#include "network/shared.hpp"
#include "state/store.hpp"

namespace ctool::engine {

Result<bridge::Catalog> Networks(Engine& engine);
Result<network::SharedFolder> SharedNetworkFolder(Engine& engine);

// What the sandbox of a container is made from besides its JSON.
struct SandboxOrigin {
  std::vector<sys::Fd> descriptors;  // those of monitor::Sandbox's `joined`
  sys::Fd alive;                     // keeps the shared namespaces until the monitor does
};

// For network_mode "bridge": joins the shared namespaces (and makes them, when this is their first container), takes
// addresses, and notes them in the container's run folder.
Status JoinBridges(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin);
// For "container:ID" and "ns:PATH".
Status JoinOthersNetwork(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin);

// A container's networks as they were made, from its run folder; empty: none, or it does not run.
struct JoinedNetwork {
  bridge::Definition definition;
  std::string interface, mac;
  std::vector<std::string> aliases, addresses;  // addresses without length
};
std::vector<JoinedNetwork> JoinedNetworks(const std::string& run_dir);

// Takes away what a killed monitor has left of a container that does not run: ports, names, addresses.
void LeaveBridges(Engine& engine, const std::string& id);

// The full id of a container whose network is shared; "" for other modes.
std::string NetworkOwner(const ContainerSpec& spec);

}  // namespace ctool::engine
