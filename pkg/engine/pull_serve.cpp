// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/images.hpp"
#include "engine/outcome.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

int ServeFetch(Engine& engine, const std::string& name, const std::string& policy,
               const FetchOptions& fetch) {
  // When the one who asked is gone, so is the reason to go on. A signal that can be caught: what
  // was begun is undone first.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const Result<std::string> outcome = Pull(engine, name, policy, fetch);
  const Status told = sys::WriteAll(STDOUT_FILENO, EncodeOutcome(outcome), "the outcome");
  return told.ok() && outcome.ok() ? 0 : 125;
}

}  // namespace ctool::engine
