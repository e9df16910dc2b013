// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/files.hpp"
#include "ctool/container/files.hpp"
#include "ctool/image/commands.hpp"

namespace ctool {
namespace {

Result<int> Run(Context& context, const ExportOptions&) { return BecomeImages(context); }

}  // namespace

cli::Runnable ExportCommand() { return cli::Bind(DescribeExport, Run); }

}  // namespace ctool
