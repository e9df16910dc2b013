// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"

namespace ctool::engine {

// Gives a container another name. Its host name stays.
Status RenameContainer(Engine& engine, const std::string& name_or_id, const std::string& new_name);

// Changes what a container was made with: `changes` has restart, health checks, env, unsetenv, ulimit and limits;
// what is empty stays. A running container takes the restart policy and the health checks at once, the rest at its next start. Returns the container's id.
Result<std::string> UpdateContainer(Engine& engine, const std::string& name_or_id, const CreateOptions& changes);

}  // namespace ctool::engine
