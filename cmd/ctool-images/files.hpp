// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "engine/commit.hpp"
#include "engine/container_copy.hpp"
#include "engine/export.hpp"

namespace ctool {

// The commands on containers' files that need archive code: described for both programs, run by ctool-images.

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
  bool pause = false, quiet = false;
};
cli::Command DescribeCommit(CommitCommandOptions& options);

// As ctool-images runs them.
cli::Runnable ArchiveCommitCommand();
cli::Runnable ArchiveCpCommand();
cli::Runnable ArchiveExportCommand();

}  // namespace ctool
