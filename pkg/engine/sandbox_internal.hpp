// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/network_join_internal.hpp"
#include "monitor/sandbox.hpp"
#include "network/slirp4netns.hpp"

namespace ctool::engine {

// Its network is another's: "container:ID", "ns:PATH".
bool SharesNetwork(const ContainerSpec& spec);

// CLONE_NEW* of a container. Its modes are known once FoldNetwork is through.
uint64_t NamespacesOf(const ContainerSpec& spec);

// The options of a slirp4netns network, on top of containers.conf's.
Result<network::SlirpOptions> SlirpOptionsOf(const ContainerSpec& spec, const config::ContainersConf& conf);
// Where slirp4netns takes requests for ports; empty when there can be none.
std::string SlirpSocketOf(const ContainerSpec& spec, const std::string& bundle);

// What the monitor can make before the image is known. kNotFound: slirp4netns is not installed.
// `origin` gets what is passed on with it.
Result<monitor::Sandbox> SandboxOf(Engine& engine, const ContainerSpec& spec, SandboxOrigin& origin);

}  // namespace ctool::engine
