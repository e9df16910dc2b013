// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// Ends every container of the store and deletes all that ctool has made in the store and in the run root, whatever state it is in: no
// database is needed. Only in a folder with the store's marker, and only names that are ours: returned is what was found
// beside them and stays.
Result<std::vector<std::string>> ResetStore(Engine& engine);

}  // namespace ctool::engine
