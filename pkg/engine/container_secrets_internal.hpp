// SPDX-License-Identifier: Apache-2.0
//
// --secret: what a container is given of the user's secrets.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "spec/runtime.hpp"

namespace ctool::engine {

// After FoldMounts. The secrets have to exist.
Status FoldSecrets(Engine& engine, const CreateOptions& options, ContainerSpec& spec);

// Copies what is mounted into the container's folder, where it stays until the container goes: the secret may be removed or
// replaced meanwhile.
Status KeepSecrets(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files);

std::vector<spec::RuntimeMount> SecretMounts(const ContainerSpec& spec, const ContainerFiles& files);

// Those that are variables, read each time: they are in no record.
Status AddSecretEnv(Engine& engine, const ContainerSpec& spec, std::vector<std::string>& env);

// Where it is mounted.
std::string SecretPlace(const ContainerSecret& secret);

}  // namespace ctool::engine
