// SPDX-License-Identifier: Apache-2.0
#include "ctool/artifact/commands.hpp"
#include "engine/artifact.hpp"

namespace ctool {
namespace {

struct AddOptions {
  engine::AddArtifactOptions add;
};

cli::Command Describe(AddOptions& o) {
  engine::AddArtifactOptions& a = o.add;
  cli::Command c;
  c.summary = "Make an artifact of files";
  c.prose =
      "Puts each FILE into the artifact NAME, under the last part of its path, and prints the digest of the artifact's manifest. "
      "An artifact is kept in the store beside the images, and is pushed to and pulled from registries as they are.";
  c.usage = "NAME FILE [FILE...]";
  c.options = {
      {.name = "annotation", .value = "key=value", .help = "Annotation of each FILE", .sink = &a.annotations},
      {.name = "append", .short_name = 'a', .help = "Add to the artifact of that name", .sink = &a.append},
      {.name = "file-type", .value = "type", .help = "Media type of each FILE; unless given it is found by what is in it",
       .sink = &a.file_type},
      {.name = "replace", .help = "Replace the artifact of that name, if there is one", .sink = &a.replace},
      {.name = "type", .value = "type", .help = "Media type of the artifact", .sink = &a.type},
  };
  c.args = {{.name = "NAME", .sink = &a.name, .complete = cli::Complete::kArtifacts},
            {.name = "FILE", .max = cli::kUnlimited, .sink = &a.files, .complete = cli::Complete::kFiles}};
  c.examples = {{"artifact add registry.example/team/model:1.0 model.gguf README.md"},
                {"artifact add --append registry.example/team/model:1.0 LICENSE"}};
  return c;
}

Result<int> Run(Context& context, const AddOptions& o) {
  const std::string digest = TRY(engine::AddArtifact(context.engine, o.add));
  PrintLine(context, digest.substr(digest.find(':') + 1));
  return 0;
}

}  // namespace

cli::Runnable ArtifactAddCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
