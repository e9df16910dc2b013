// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/file_options.hpp"
#include "ctool/container/files.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"

namespace ctool {
namespace {

Result<int> Run(Context& context, const CpOptions& o) {
  // What decompresses archives is the other program's.
  if (o.copy.source == "-") return BecomeImages(context);
  TRY(o.copy.destination == "-" ? engine::CopyToArchive(context.engine, o.copy) : engine::CopyFiles(context.engine, o.copy));
  return 0;
}

}  // namespace

cli::Runnable CpCommand() { return cli::Bind(DescribeCp, Run); }

}  // namespace ctool
