// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"

namespace ctool {

cli::Runnable ImagesCommand();
cli::Runnable RmiCommand();
cli::Runnable ImageExistsCommand();
cli::Runnable PullCommand();
cli::Runnable ImportCommand();

// "2.14 MB": decimal units, three significant digits.
std::string HumanSize(int64_t bytes);

}  // namespace ctool
