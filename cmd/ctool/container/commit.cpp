// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "ctool/container/file_options.hpp"
#include "ctool/container/files.hpp"
#include "ctool/context.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

Result<int> Run(Context& context, const CommitCommandOptions& o) {
  const std::string id = TRY(engine::CommitContainer(context.engine, o.commit));
  if (!o.iidfile.empty()) {
    sys::Fd file = TRY(sys::Open(o.iidfile, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    TRY(sys::WriteAll(file.get(), id, o.iidfile));
    TRY(file.Close(o.iidfile));
  }
  PrintLine(context, id);
  return 0;
}

}  // namespace

cli::Runnable CommitCommand() { return cli::Bind(DescribeCommit, Run); }

}  // namespace ctool
