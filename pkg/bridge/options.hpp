// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "bridge/definition.hpp"

namespace ctool::bridge {

// One -o KEY=VALUE of `network create`, with podman's names and docker's: mtu, vlan, isolate, metric, no_default_route ...
// kInvalidArgument `unsupported bridge network option X`.
Status SetNetworkOption(const std::string& key, const std::string& value, Definition& network);

// --ip-range: "10.89.0.16/28", or FIRST-LAST. Goes to the first subnet that it lies in.
Status SetLeaseRange(const std::string& range, Definition& network);

// --route: DESTINATION,GATEWAY[,METRIC].
Result<Route> ParseRoute(const std::string& text);

}  // namespace ctool::bridge
