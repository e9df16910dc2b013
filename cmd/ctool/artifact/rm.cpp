// SPDX-License-Identifier: Apache-2.0
#include "ctool/artifact/commands.hpp"
#include "engine/artifact.hpp"
#include "engine/images.hpp"

namespace ctool {
namespace {

struct RmOptions {
  std::vector<std::string> names;
  bool all = false, ignore = false;
};

cli::Command Describe(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove artifacts";
  c.prose = "Removes each ARTIFACT, which is a name, or the digest of a manifest or how it begins, and prints its digest.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Remove every artifact of the store", .sink = &o.all},
               {.name = "ignore", .short_name = 'i', .help = "Pass over an artifact that does not exist", .sink = &o.ignore}};
  c.args = {{.name = "ARTIFACT", .min = 0, .max = cli::kUnlimited, .sink = &o.names, .complete = cli::Complete::kArtifacts}};
  c.examples = {{"artifact rm registry.example/team/model:1.0"}, {"artifact rm 1487acae11b5"}, {"artifact rm --all"}};
  return c;
}

Status Remove(Context& context, const state::Artifact& artifact) {
  TRY(engine::ForgetArtifact(context.engine, artifact));
  PrintLine(context, "Deleted: " + artifact.digest.substr(artifact.digest.find(':') + 1));
  return Ok();
}

Result<int> Run(Context& context, const RmOptions& o) {
  if (o.all && !o.names.empty())
    return Error(Code::kInvalidArgument, "when using the --all switch, you may not pass any artifact names or digests");
  if (!o.all && o.names.empty())
    return Error(Code::kInvalidArgument, "a single artifact name or digest must be specified");
  Several several;
  if (o.all)
    for (const state::Artifact& artifact : TRY(engine::ListArtifacts(context.engine))) several.Add(Remove(context, artifact));
  for (const std::string& name : o.names) {
    const Result<state::Artifact> artifact = engine::RequireArtifact(context.engine, name);
    if (artifact.ok()) several.Add(Remove(context, *artifact));
    else if (!o.ignore || artifact.error().code() != Code::kNotFound) several.Add(artifact.error());
  }
  engine::GiveSpaceBack(context.engine);
  return several.Finish();
}

}  // namespace

cli::Runnable ArtifactRmCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
