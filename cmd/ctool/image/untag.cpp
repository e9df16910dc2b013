// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/image_names.hpp"

namespace ctool {
namespace {

struct UntagOptions {
  std::string image;
  std::vector<std::string> names;
};

cli::Command Describe(UntagOptions& o) {
  cli::Command c;
  c.summary = "Take names from an image";
  c.prose = "Takes each NAME from IMAGE; without a NAME, all that it has. The image stays, also without a name.";
  c.args = {{.name = "IMAGE", .sink = &o.image, .complete = cli::Complete::kImages},
            {.name = "NAME", .min = 0, .max = cli::kUnlimited, .sink = &o.names, .complete = cli::Complete::kImages}};
  c.examples = {{"untag mine:1", "All names of the image"}, {"untag 0e3bbc2 app:v1"}};
  return c;
}

Result<int> Run(Context& context, const UntagOptions& o) {
  TRY(engine::UntagImage(context.engine, o.image, o.names));
  return 0;
}

}  // namespace

cli::Runnable UntagCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
