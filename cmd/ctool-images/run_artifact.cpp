// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"
#include "engine/artifact.hpp"

namespace ctool {

Result<int> RunArtifactPull(Context& context, const ArtifactPullOptions& o) {
  const std::string digest = TRY(engine::PullArtifact(context.engine, o.name, o.fetch));
  PrintLine(context, digest.substr(digest.find(':') + 1));
  return 0;
}

Result<int> RunArtifactPush(Context& context, const ArtifactPushOptions& o) {
  TRY(engine::PushArtifact(context.engine, o.push));
  return 0;
}

}  // namespace ctool
