// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace ctool {

cli::Runnable CpCommand();
cli::Runnable ExportCommand();
cli::Runnable CommitCommand();
cli::Runnable DiffCommand();
cli::Runnable ContainerDiffCommand();
cli::Runnable ImageDiffCommand();
cli::Runnable UnshareCommand();
cli::Runnable MountCommand();
cli::Runnable UnmountCommand();

}  // namespace ctool
