// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "ctool/context.hpp"

namespace ctool {

cli::Runnable ImagesCommand();
cli::Runnable RmiCommand();
cli::Runnable ImageExistsCommand();
cli::Runnable PullCommand();
cli::Runnable ImportCommand();
cli::Runnable LoadCommand();

// Becomes ctool-images with the words that were typed; it reads them as we did. Returns only when that fails.
Result<int> BecomeImages(Context& context);

// "2.14 MB": decimal units, three significant digits.
std::string HumanSize(int64_t bytes);

}  // namespace ctool
