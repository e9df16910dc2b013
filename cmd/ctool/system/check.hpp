// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "cli/command.hpp"
#include "engine/check.hpp"

namespace ctool {

struct CheckCommandOptions {
  engine::CheckOptions check;
  bool quick = false, repair = false, force = false;
  std::chrono::nanoseconds max = std::chrono::hours(24);
};
// Shown and completed by ctool, run by ctool-images, which has the decompressors.
cli::Command DescribeCheck(CheckCommandOptions& options);
Result<int> RunCheck(Context& context, const CheckCommandOptions& options);  // in ctool-images

}  // namespace ctool
