// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/id_mappings.hpp"

namespace ctool::engine {

// Lines of --uidmap or of a record by themselves, as ParseIdMappings reads them: nothing is added to them, and they need
// not make a map that a container could have.
Result<std::vector<userns::IdMapping>> ParseIdLines(const std::vector<std::string>& texts, IdKind kind,
                                                    const std::vector<userns::IdMapping>& known);

}  // namespace ctool::engine
