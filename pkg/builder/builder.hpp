// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "builder/options.hpp"
#include "engine/engine.hpp"

namespace ctool::builder {

// Builds what a Containerfile describes; shows what it does, and the image's id at the end. An outcome with an exit status is
// that of the RUN that failed, which is to be told.
Result<BuildOutcome> Build(engine::Engine& engine, const BuildOptions& options);

}  // namespace ctool::builder
