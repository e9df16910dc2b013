// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace ctool {

cli::Runnable DoctorCommand();
cli::Runnable InfoCommand();
cli::Runnable EventsCommand();
cli::Runnable VersionCommand();
cli::Runnable MigrateCommand();
cli::Runnable DfCommand();
cli::Runnable SystemPruneCommand();
cli::Runnable ResetCommand();
cli::Runnable CheckCommand();

}  // namespace ctool
