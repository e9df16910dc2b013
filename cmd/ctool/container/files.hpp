// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace ctool {

cli::Runnable CpCommand();
cli::Runnable ExportCommand();

}  // namespace ctool
