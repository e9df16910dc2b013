// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
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

// As ctool-images runs them.
cli::Runnable ArchiveCpCommand();
cli::Runnable ArchiveExportCommand();

}  // namespace ctool
