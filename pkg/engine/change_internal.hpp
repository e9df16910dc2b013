// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// Changes a record, and its spec, as they are now: others may have changed them since they were read.
Result<state::Container> Change(Engine& engine, const std::string& id,
                                const std::function<Status(state::Container&, ContainerSpec&)>& change);

}  // namespace ctool::engine
