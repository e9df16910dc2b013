// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/files.hpp"
#include "ctool/context.hpp"

namespace ctool {
namespace {

Result<int> RunCp(Context& context, const CpOptions& o) {
  TRY(engine::CopyArchive(context.engine, o.copy));
  return 0;
}

Result<int> RunExport(Context& context, const ExportOptions& o) {
  TRY(engine::ExportContainer(context.engine, o.container, o.output));
  return 0;
}

}  // namespace

cli::Runnable ArchiveCpCommand() { return cli::Bind(DescribeCp, RunCp); }
cli::Runnable ArchiveExportCommand() { return cli::Bind(DescribeExport, RunExport); }

}  // namespace ctool
