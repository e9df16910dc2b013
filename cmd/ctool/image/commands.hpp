// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "ctool/context.hpp"

namespace ctool {

cli::Runnable ImagesCommand();
cli::Runnable RmiCommand();
cli::Runnable ImageExistsCommand();
cli::Runnable TagCommand();
cli::Runnable UntagCommand();
cli::Runnable HistoryCommand();
cli::Runnable ImageTreeCommand();
cli::Runnable ImageMountCommand();
cli::Runnable ImageUnmountCommand();
cli::Runnable ImagePruneCommand();
cli::Runnable BuildCommand();
cli::Runnable BuilderPruneCommand();
cli::Runnable PullCommand();
cli::Runnable ImportCommand();
cli::Runnable LoadCommand();
cli::Runnable SaveCommand();
cli::Runnable PushCommand();
cli::Runnable ManifestCreateCommand();
cli::Runnable ManifestAddCommand();
cli::Runnable ManifestAnnotateCommand();
cli::Runnable ManifestInspectCommand();
cli::Runnable ManifestPushCommand();
cli::Runnable ManifestRmCommand();
cli::Runnable ManifestRemoveCommand();
cli::Runnable ManifestExistsCommand();
cli::Runnable LoginCommand();
cli::Runnable LogoutCommand();
cli::Runnable SearchCommand();

// What image prune and system prune have in common; `filter_help` must last.
struct PruneSinks {
  bool& all;
  bool& force;
  std::vector<std::string>& filters;
};
void AddPruneOptions(std::vector<cli::Option>& into, std::string_view filter_help,
                     std::span<const cli::Word> filter_words, const PruneSinks& sinks);

// Becomes ctool-images with the words that were typed; it reads them as we did. Returns only when that fails.
Result<int> BecomeImages(Context& context);

// "2.14 MB": decimal units, three significant digits.
std::string HumanSize(int64_t bytes);
// "2.144MB": four digits, no blank.
std::string DiskSize(int64_t bytes);

}  // namespace ctool
