// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/files.hpp"
#include "ctool/container/files.hpp"
#include "ctool/image/commands.hpp"

namespace ctool {
namespace {

// Archives are the other program's business.
Result<int> RunExport(Context& context, const ExportOptions&) { return BecomeImages(context); }
Result<int> RunCommit(Context& context, const CommitCommandOptions&) { return BecomeImages(context); }

}  // namespace

cli::Runnable ExportCommand() { return cli::Bind(DescribeExport, RunExport); }
cli::Runnable CommitCommand() { return cli::Bind(DescribeCommit, RunCommit); }

}  // namespace ctool
