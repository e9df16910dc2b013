// SPDX-License-Identifier: Apache-2.0
#include "builder/builder.hpp"
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"

namespace ctool {

Result<int> RunBuild(Context& context, const builder::BuildOptions& options) {
  const builder::BuildOutcome outcome = TRY(builder::Build(context.engine, options));
  if (outcome.exit_code != 0) PrintError(Error(Code::kInternal, outcome.error));
  return outcome.exit_code;
}

}  // namespace ctool
