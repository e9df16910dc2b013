// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "engine/commit.hpp"
#include "engine/container_copy.hpp"
#include "engine/export.hpp"

namespace ctool {

// The commands on containers' files. `cp -` is run by ctool-images, which reads the same words.

struct CpOptions {
  engine::CopyOptions copy;
  bool pause = true, extract = false;  // accepted for older scripts
};
cli::Command DescribeCp(CpOptions& options);

struct ExportOptions {
  std::string container, output;
};
cli::Command DescribeExport(ExportOptions& options);

struct CommitCommandOptions {
  engine::CommitOptions commit;
  std::string iidfile;
  bool quiet = false;
};
cli::Command DescribeCommit(CommitCommandOptions& options);

}  // namespace ctool
