// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/value.hpp"
#include "ctool/context.hpp"
#include "state/store.hpp"

namespace ctool {

cli::Runnable ArtifactAddCommand();
cli::Runnable ArtifactExtractCommand();
cli::Runnable ArtifactInspectCommand();
cli::Runnable ArtifactLsCommand();
cli::Runnable ArtifactPullCommand();
cli::Runnable ArtifactPushCommand();
cli::Runnable ArtifactRmCommand();

// What inspect shows of one, for templates too.
Result<cli::Value> ArtifactValue(const state::Artifact& artifact);

}  // namespace ctool
