// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"

namespace ctool {

// Nothing on stdout: what there is to know is the digest, and that has a file.
Result<int> RunPush(Context& context, const PushCommandOptions& options) {
  TRY(engine::Push(context.engine, options.push));
  return 0;
}

}  // namespace ctool
