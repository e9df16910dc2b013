// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/id_mappings.hpp"

namespace ctool::engine {

// What --userns=auto asks for: so many ids, and mappings (to intermediate ids) that are to be among them.
struct AutoRange {
  uint32_t size = 0;
  std::vector<userns::IdMapping> uids, gids;
};

// A map of subordinate ids that no other container with --userns=auto has, running or not. A file in the run
// root holds it, as long as this process lives, until the record does. kUnsupported: not enough of them are left.
Result<IdMappings> TakeAutoRange(Engine& engine, const std::string& id, const AutoRange& wanted, const userns::IdMap& user);

}  // namespace ctool::engine
