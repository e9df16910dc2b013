// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct PauseOutcome {
  bool first_by_signals = false;  // worth a word to the user: the container is paused without a freezer
};
// Stops every process of the container. kBusy: it does not run, or is paused already.
Result<PauseOutcome> PauseContainer(Engine& engine, const state::Container& container);
// kBusy: it is not paused.
Status UnpauseContainer(Engine& engine, const state::Container& container);

// Lets a paused container go on, so that it can answer a stop signal; no error if it is not paused.
Status ResumeForStop(Engine& engine, const std::string& id);

}  // namespace ctool::engine
