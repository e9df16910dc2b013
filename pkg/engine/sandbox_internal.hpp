// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/network_join_internal.hpp"
#include "monitor/sandbox.hpp"

namespace ctool::engine {

// Its network is another's: "container:ID", "ns:PATH".
bool SharesNetwork(const ContainerSpec& spec);

// Its user namespace is another's: "container:ID", "ns:PATH".
bool SharesUsers(const ContainerSpec& spec);

// CLONE_NEW* of a container. Its modes are known once FoldNetwork is through.
uint64_t NamespacesOf(const ContainerSpec& spec);

// For "container:ID" and "ns:PATH" of --userns.
Status JoinOthersUsers(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin);
// The user namespace that is joined has `map`, in ids of the host.
void TakeMap(userns::IdMap map, monitor::Sandbox& sandbox);

// Checks what follows the colon of a user-mode network.
Status CheckNetworkOptions(const ContainerSpec& spec, const config::ContainersConf& conf);
// What can't be done for a published port of it.
Status CheckForward(const ContainerSpec& spec, const config::ContainersConf& conf, const network::PortMapping& mapping);

// slirp4netns for namespaces that several containers share, with containers.conf's options.
Result<network::Backend> SlirpUplink(const config::ContainersConf& conf, const std::string& api_socket);

// What the monitor can make before the image is known. kNotFound: slirp4netns or pasta is not installed.
// `origin` gets what is passed on with it.
Result<monitor::Sandbox> SandboxOf(Engine& engine, const ContainerSpec& spec, SandboxOrigin& origin);

}  // namespace ctool::engine
