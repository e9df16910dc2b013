// SPDX-License-Identifier: Apache-2.0
//
// pull and push are run by the program with HTTP and TLS.
#include "ctool-images/commands.hpp"
#include "ctool/artifact/commands.hpp"
#include "ctool/image/commands.hpp"

namespace ctool {
namespace {

template <class Options>
Result<int> Become(Context& context, const Options&) {
  return BecomeImages(context);
}

}  // namespace

cli::Runnable ArtifactPullCommand() { return cli::Bind(DescribeArtifactPull, Become<ArtifactPullOptions>); }
cli::Runnable ArtifactPushCommand() { return cli::Bind(DescribeArtifactPush, Become<ArtifactPushOptions>); }

}  // namespace ctool
