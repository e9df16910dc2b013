// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"

namespace ctool {

cli::Command DescribeArtifactPull(ArtifactPullOptions& o) {
  cli::Command c;
  c.summary = "Fetch an artifact from a registry";
  c.prose = "Fetches ARTIFACT with all its files, and prints the digest of its manifest. policy.json counts as for an image.";
  AddRegistryOptions(c.options, o.fetch);
  c.args = {{.name = "ARTIFACT", .sink = &o.name}};
  c.examples = {{"artifact pull registry.example/team/model:1.0"}};
  c.exits = {{"0", "the artifact is there"}, {"125", "it could not be fetched; nothing has changed"}};
  return c;
}

cli::Command DescribeArtifactPush(ArtifactPushOptions& o) {
  cli::Command c;
  c.summary = "Send an artifact to a registry";
  c.prose = "Sends ARTIFACT to the registry that its name says. What the registry has already is not sent again.";
  AddRegistryOptions(c.options, o.push.fetch);
  AddDigestFile(c.options, o.push);
  c.args = {{.name = "ARTIFACT", .sink = &o.push.image, .complete = cli::Complete::kArtifacts}};
  c.examples = {{"artifact push registry.example/team/model:1.0"}};
  return c;
}

}  // namespace ctool
