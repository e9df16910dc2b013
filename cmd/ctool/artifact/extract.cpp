// SPDX-License-Identifier: Apache-2.0
#include "ctool/artifact/commands.hpp"
#include "engine/artifact.hpp"

namespace ctool {
namespace {

struct ExtractOptions {
  engine::ExtractArtifactOptions extract;
};

cli::Command Describe(ExtractOptions& o) {
  cli::Command c;
  c.summary = "Write the files of an artifact to a folder or file";
  c.prose =
      "If TARGET is a folder, every file of the artifact is written there under its title, or, without one, its digest. Otherwise "
      "TARGET is the file that the artifact's only file, or the one that an option names, is written to. What is there is "
      "replaced. Nothing is written unless all of it is whole.";
  c.usage = "ARTIFACT TARGET";
  c.options = {
      {.name = "digest", .value = "digest", .help = "Only the file with this digest; in a folder it is called by it",
       .sink = &o.extract.digest},
      {.name = "title", .value = "title", .help = "Only the file with this title", .sink = &o.extract.title},
  };
  c.args = {{.name = "ARTIFACT", .sink = &o.extract.name, .complete = cli::Complete::kArtifacts},
            {.name = "TARGET", .sink = &o.extract.target, .complete = cli::Complete::kFiles}};
  c.examples = {{"artifact extract registry.example/team/model:1.0 /srv/model"},
                {"artifact extract --title README.md registry.example/team/model:1.0 readme.txt"}};
  return c;
}

Result<int> Run(Context& context, const ExtractOptions& o) {
  TRY(engine::ExtractArtifact(context.engine, o.extract));
  return 0;
}

}  // namespace

cli::Runnable ArtifactExtractCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
