// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

cli::Command Describe(TargetOptions& o) {
  cli::Command c;
  c.summary = "Make everything of containers, and execute nothing yet";
  c.prose =
      "Brings each CONTAINER, created or exited, to the point where only its command is to be executed: namespaces, mounts and network are there, and can "
      "be looked at. ctool start executes it.";
  AddTargets(c, o, {.all = "Initialize every container that is created or has exited", .latest = "Take the container that was created last", .complete = cli::Complete::kStoppedContainers});
  c.examples = {{"init web", "Everything but the command"}};
  return c;
}

Result<int> Run(Context& context, const TargetOptions& o) {
  Several several;
  for (const std::string& target : TRY(SelectTargets(context, o, {"created", "exited"}))) {
    Status made = engine::InitContainer(context.engine, target);
    if (made.ok()) PrintLine(context, target);
    several.Add(std::move(made));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable InitCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
