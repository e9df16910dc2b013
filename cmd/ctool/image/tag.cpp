// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/image_names.hpp"

namespace ctool {
namespace {

struct TagOptions {
  std::string image;
  std::vector<std::string> names;
};

cli::Command Describe(TagOptions& o) {
  cli::Command c;
  c.summary = "Give an image more names";
  c.prose =
      "Gives IMAGE each NAME. A name without a registry is put below localhost/, one without a tag gets the tag latest. A name that "
      "another image has moves; that image stays.";
  c.args = {{.name = "IMAGE", .sink = &o.image, .complete = cli::Complete::kImages},
            {.name = "NAME", .min = 1, .max = cli::kUnlimited, .sink = &o.names}};
  c.examples = {{"tag alpine mine:1"}, {"tag 0e3bbc2 registry.example/team/app:v2 app:v2"}};
  return c;
}

Result<int> Run(Context& context, const TagOptions& o) {
  TRY(engine::TagImage(context.engine, o.image, o.names));
  return 0;
}

}  // namespace

cli::Runnable TagCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
