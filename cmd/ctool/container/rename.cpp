// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "engine/change.hpp"

namespace ctool {
namespace {

struct RenameOptions {
  std::string container, name;
};

cli::Command Describe(RenameOptions& o) {
  cli::Command c;
  c.summary = "Give a container another name";
  c.prose = "Names CONTAINER anew, whether it runs or not. Its host name stays.";
  c.args = {{.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}, {.name = "NAME", .sink = &o.name}};
  c.examples = {{"rename web old-web"}};
  return c;
}

Result<int> Run(Context& context, const RenameOptions& o) {
  TRY(engine::RenameContainer(context.engine, o.container, o.name));
  return 0;
}

}  // namespace

cli::Runnable RenameCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
