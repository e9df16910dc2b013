// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/monitor_process.hpp"
#include "engine/sandbox_internal.hpp"

namespace ctool::engine {

// kInternal when this process can't open the files that a start needs.
Status RequireDescriptors();

// A sandbox in the making, and who makes it.
struct Sandboxed {
  monitor::Sandbox sandbox;
  MonitorProcess monitor;
  SandboxOrigin origin;
};

// `preserved`: our descriptors that become 3, 4, ...
Result<Sandboxed> MakeSandbox(Engine& engine, const ContainerSpec& spec, const std::vector<int>& preserved);

}  // namespace ctool::engine
