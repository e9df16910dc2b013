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
// Limits through control groups: shared with update.
void AddLimitOptions(std::vector<cli::Option>& into, engine::LimitOptions& options);
// --health-*: shared with update.
void AddHealthOptions(std::vector<cli::Option>& into, engine::CreateOptions& options);

// --preserve-fds and --preserve-fd, of run and exec.
struct PreserveOptions {
  int64_t count = 0;
  std::vector<std::string> fds;
};
void AddPreserveOptions(std::vector<cli::Option>& into, PreserveOptions& options);
// The descriptors that are meant, which must be open.
Result<std::vector<int>> Preserved(const PreserveOptions& options);
// Options that fetch an image: shared with pull.
void AddFetchOptions(std::vector<cli::Option>& into, engine::FetchOptions& options);

cli::Runnable RunCommand();
cli::Runnable CreateCommand();
cli::Runnable StartCommand();
cli::Runnable AttachCommand();
cli::Runnable ExecCommand();
cli::Runnable InitCommand();
cli::Runnable HealthcheckCommand();
cli::Runnable PsCommand();
cli::Runnable TopCommand();
cli::Runnable StatsCommand();
cli::Runnable RmCommand();
cli::Runnable LogsCommand();
cli::Runnable StopCommand();
cli::Runnable RestartCommand();
cli::Runnable KillCommand();
cli::Runnable WaitCommand();
cli::Runnable PauseCommand();
cli::Runnable UnpauseCommand();
cli::Runnable RenameCommand();
cli::Runnable PortCommand();
cli::Runnable PruneCommand();
cli::Runnable UpdateCommand();
cli::Runnable CleanupCommand();
cli::Runnable ContainerExistsCommand();

}  // namespace ctool
