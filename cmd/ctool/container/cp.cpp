// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/files.hpp"
#include "ctool/container/files.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"

namespace ctool {
namespace {

Result<int> Run(Context& context, const CpOptions& o) {
  // Archives are the other program's business.
  if (o.copy.source == "-" || o.copy.destination == "-") return BecomeImages(context);
  TRY(engine::CopyFiles(context.engine, o.copy));
  return 0;
}

}  // namespace

cli::Runnable CpCommand() { return cli::Bind(DescribeCp, Run); }

}  // namespace ctool
