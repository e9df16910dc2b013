// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace ctool {

cli::Runnable SecretCreateCommand();
cli::Runnable SecretLsCommand();
cli::Runnable SecretInspectCommand();
cli::Runnable SecretRmCommand();
cli::Runnable SecretExistsCommand();

}  // namespace ctool
