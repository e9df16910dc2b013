// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace ctool {

cli::Runnable InfoCommand();
cli::Runnable EventsCommand();
cli::Runnable VersionCommand();
cli::Runnable MigrateCommand();

}  // namespace ctool
