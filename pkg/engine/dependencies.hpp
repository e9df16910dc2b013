// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// --requires: names or ids become the ids of containers. kInvalidArgument: there is none.
Status FoldDependencies(Engine& engine, const std::vector<std::string>& required, ContainerSpec& spec);

// Notes in the folder of each that `spec` depends on it: a file by its id. Whoever removes one of them has nothing to
// look through then. The note of a container that is gone means nothing.
Status NoteDependencies(Engine& engine, const ContainerSpec& spec);

// Starts those that do not run.
Status StartDependencies(Engine& engine, const ContainerSpec& spec);

// Ids of the containers that depend on this one, directly.
Result<std::vector<std::string>> DependentsOf(Engine& engine, const std::string& id);

// The container and all that depend on it, in the order in which they can be removed.
Result<std::vector<std::string>> RemovalOrder(Engine& engine, const std::string& name_or_id);

}  // namespace ctool::engine
