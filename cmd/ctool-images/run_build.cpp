// SPDX-License-Identifier: Apache-2.0
#include "builder/builder.hpp"
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"

namespace ctool {

Result<int> RunBuild(Context& context, const builder::BuildOptions& options) {
  return TRY(builder::Build(context.engine, options)).exit_code;
}

}  // namespace ctool
