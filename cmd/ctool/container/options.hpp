// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "cli/command.hpp"
#include "ctool/context.hpp"
#include "engine/options.hpp"

namespace ctool {

// Options that run and create share, bound to `options`.
void AddCreateOptions(std::vector<cli::Option>& into, engine::CreateOptions& options);
// Those of podman's that are known but do nothing; hidden.
void AddRefusedOptions(std::vector<cli::Option>& into, engine::CreateOptions& options);
// Options that fetch an image: shared with pull.
void AddFetchOptions(std::vector<cli::Option>& into, engine::FetchOptions& options);

cli::Runnable RunCommand();
cli::Runnable CreateCommand();
cli::Runnable StartCommand();
cli::Runnable PsCommand();
cli::Runnable RmCommand();
cli::Runnable LogsCommand();
cli::Runnable CleanupCommand();
cli::Runnable ContainerExistsCommand();

}  // namespace ctool
