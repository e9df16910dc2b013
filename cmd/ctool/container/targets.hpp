// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "ctool/context.hpp"
#include "state/store.hpp"

namespace ctool {

// Which containers a command is for.
struct TargetOptions {
  std::vector<std::string> names, cidfiles, filters;
  bool all = false, latest = false;
  bool ignore = false;  // one that does not exist, or its cidfile, is no error
};

// --all, --latest, --cidfile, --filter and CONTAINER..., as far as a command has them.
struct TargetWords {
  std::string_view all = {}, latest = {}, filter = {};  // help; empty: the command has no such option
  char filter_letter = 'f';
  bool cidfile = false;
  cli::Complete complete = cli::Complete::kContainers;
};
void AddTargets(cli::Command& command, TargetOptions& options, const TargetWords& words);

// What is named: as it was typed, which is also what is echoed; whole ids for --all, --latest and --filter, which take
// only those in one of `states` (none: in any).
Result<std::vector<std::string>> SelectTargets(Context& context, const TargetOptions& options,
                                               const std::vector<std::string_view>& states = {});

struct Target {
  std::string typed;
  state::Container container;
};
// The same with their records. One that can't be found is an error of `several`, and the others go on.
Result<std::vector<Target>> FindTargets(Context& context, const TargetOptions& options,
                                        const std::vector<std::string_view>& states, Several& several);
std::vector<state::Container> ContainersOf(const std::vector<Target>& targets);

}  // namespace ctool
