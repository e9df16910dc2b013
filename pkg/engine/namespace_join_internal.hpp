// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/options.hpp"
#include "monitor/sandbox.hpp"

namespace ctool::engine {

// One of a container's namespaces that may be another's: "container:ID", "ns:PATH", "host", or a word for its own.
struct NamespaceMode {
  uint64_t flag = 0;         // CLONE_NEW*
  const char* type = "";     // OCI's name
  std::string ContainerSpec::* mode;
};
const std::vector<NamespaceMode>& NamespaceModes();

// It is another's: a container's, or one by its path.
bool IsShared(const std::string& mode);
// CLONE_NEW* of those that are.
uint64_t SharedNamespaces(const ContainerSpec& spec);

// --pid, --ipc, --uts, --cgroupns. Containers that are named have to exist, and become dependencies.
Status FoldNamespaces(Engine& engine, const CreateOptions& options, ContainerSpec& spec);

// Puts the others' processes and namespaces, which are to be entered, into `sandbox` and `origin`. A container that does
// not run is started.
Status JoinOthers(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin);

}  // namespace ctool::engine
