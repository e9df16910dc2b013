// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct CleanupOptions {
  TargetOptions targets;
  bool remove = false;
};

cli::Command Describe(CleanupOptions& o) {
  cli::Command c;
  c.summary = "Settle the records of containers that have ended";
  c.prose = "Run by a container's monitor. Refuses a container that runs.";
  AddTargets(c, o.targets, {.all = "Settle every container that does not run", .latest = "Settle the container that was created last"});
  c.options.push_back({.name = "rm", .help = "Remove it then", .sink = &o.remove});
  c.hidden = true;
  return c;
}

Result<int> Run(Context& context, const CleanupOptions& o) {
  Several several;
  for (const std::string& target : TRY(SelectTargets(context, o.targets, {"created", "exited"}))) {
    Status cleaned = engine::CleanupContainer(context.engine, target);
    if (cleaned.ok() && o.remove) cleaned = engine::RemoveContainer(context.engine, target, {});
    if (cleaned.ok()) PrintLine(context, target);
    several.Add(std::move(cleaned));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable CleanupCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
