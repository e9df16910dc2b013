// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/file_options.hpp"
#include "ctool/container/files.hpp"
#include "ctool/context.hpp"

namespace ctool {
namespace {

Result<int> Run(Context& context, const ExportOptions& o) {
  TRY(engine::ExportContainer(context.engine, o.container, o.output));
  return 0;
}

}  // namespace

cli::Runnable ExportCommand() { return cli::Bind(DescribeExport, Run); }

}  // namespace ctool
