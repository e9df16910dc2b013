// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cgroup/place.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "monitor/sandbox.hpp"

namespace ctool::engine {

// Where the container's control group is made, if anywhere. Limits for which there is none are one warning, or with
// spec.strict_limits the error.
Status PlaceGroup(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox);

// Takes limits out for which there is no control group: somebody has been told of them already.
void ForgetHopelessLimits(ContainerSpec& spec);

// What the monitor writes to it.
Status PrepareLimits(const ContainerSpec& spec, const monitor::GroupOrder& group, monitor::Config& config);

// Of a container that runs, whose limits have been changed from `before`: to its control group, and to what its monitor
// applies when it starts it again. What can't be had is one warning, or the error.
Status ChangeLimits(Engine& engine, const std::string& id, const ContainerSpec& before, const ContainerSpec& after);

// The options of limits that were asked for: "--memory".
std::vector<std::string> LimitOptionsOf(const ContainerSpec& spec);

}  // namespace ctool::engine
