// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace ctool {

cli::Runnable InspectCommand();
cli::Runnable ContainerInspectCommand();
cli::Runnable ImageInspectCommand();

}  // namespace ctool
