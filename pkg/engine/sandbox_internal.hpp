// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "monitor/sandbox.hpp"

namespace ctool::engine {

// CLONE_NEW* of a container. Its modes are known once FoldNetwork is through.
uint64_t NamespacesOf(const ContainerSpec& spec);

// Checks what follows the colon of a user-mode network.
Status CheckNetworkOptions(const ContainerSpec& spec, const config::ContainersConf& conf);

// What the monitor can make before the image is known. kNotFound: slirp4netns or pasta is not installed.
Result<monitor::Sandbox> SandboxOf(Engine& engine, const ContainerSpec& spec);

}  // namespace ctool::engine
