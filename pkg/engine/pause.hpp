// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"

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

// A process that lets a container go on when we are gone without having done so (kill -9). Posted before the pause, by a
// process with one thread.
class PauseGuard {
 public:
  static Result<PauseGuard> Post(const GlobalOptions& options, const state::Container& container);
  // The container goes on, or was never paused.
  void Dismiss();

 private:
  PauseGuard(sys::Child child, sys::Fd ours) : child_(std::move(child)), ours_(std::move(ours)) {}
  sys::Child child_;
  sys::Fd ours_;  // the end of a pipe: when it is closed, we are gone
};

}  // namespace ctool::engine
