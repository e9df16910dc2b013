// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/images.hpp"

namespace ctool {
namespace {

struct ExistsOptions {
  std::string image;
};

cli::Command Describe(ExistsOptions& o) {
  cli::Command c;
  c.summary = "Tell whether an image exists";
  c.prose = "Prints nothing: the exit status is the answer.";
  c.args = {{.name = "IMAGE", .sink = &o.image, .complete = cli::Complete::kImages}};
  c.exits = {
      {"0", "it exists"}, {"1", "it does not"}, {"125", "the question could not be answered"}};
  c.examples = {{"image exists alpine"}};
  return c;
}

Result<int> Run(Context& context, const ExistsOptions& o) {
  return TRY(engine::FindImage(context.engine, o.image)) ? 0 : 1;
}

}  // namespace

cli::Runnable ImageExistsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
