// SPDX-License-Identifier: Apache-2.0
//
// The container device interface: devices by name ("nvidia.com/gpu=all"), described by files of the host's. Specification:
// cncf-tags/container-device-interface, SPEC.md, 0.3 to 1.0.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "spec/runtime.hpp"

namespace ctool::engine {

// "vendor.com/class=name"
bool IsCdiName(std::string_view text);

// Does to `spec` what the files say of `devices`. Read at each start, since the host decides. kNotFound "unresolvable CDI
// devices ..."; kUnsupported for what can't be done for a user: hooks above all.
Status ApplyCdi(Engine& engine, const std::vector<std::string>& devices, spec::RuntimeSpec& spec);

}  // namespace ctool::engine
