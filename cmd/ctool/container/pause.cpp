// SPDX-License-Identifier: Apache-2.0
#include "engine/pause.hpp"

#include "base/log.hpp"
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"

namespace ctool {
namespace {

cli::Command Describe(TargetOptions& o) {
  cli::Command c;
  c.summary = "Pause containers";
  c.prose =
      "Stops every process of each CONTAINER where it is, until unpause: by the freezer of its control group, or where it has none, "
      "with SIGSTOP, and SIGCONT when they go on.";
  AddTargets(c, o, {.all = "Pause every container that runs", .latest = "Pause the container that was created last", .filter = "Pause the containers that match", .cidfile = true, .complete = cli::Complete::kActiveContainers});
  c.examples = {{"pause web"}};
  return c;
}

Result<int> Run(Context& context, const TargetOptions& o) {
  Several several;
  bool said = false;
  for (const Target& target : TRY(FindTargets(context, o, {"running"}, several))) {
    Result<engine::PauseOutcome> paused = engine::PauseContainer(context.engine, target.container);
    if (!paused.ok()) {
      several.Add(std::move(paused).error());
      continue;
    }
    PrintLine(context, target.typed);
    if (paused->first_by_signals && !said) Warn("paused by SIGSTOP, as the container has no control group of its own: its processes may notice");
    said |= paused->first_by_signals;
  }
  return several.Finish();
}

cli::Command DescribeUnpause(TargetOptions& o) {
  cli::Command c;
  c.summary = "Let paused containers go on";
  c.prose = "Lets every process of each CONTAINER go on from where pause stopped it.";
  AddTargets(c, o, {.all = "Unpause every container that is paused", .latest = "Unpause the container that was created last", .filter = "Unpause the containers that match", .cidfile = true, .complete = cli::Complete::kPausedContainers});
  c.examples = {{"unpause web"}};
  return c;
}

Result<int> RunUnpause(Context& context, const TargetOptions& o) {
  Several several;
  for (const Target& target : TRY(FindTargets(context, o, {"paused"}, several))) {
    Status resumed = engine::UnpauseContainer(context.engine, target.container);
    if (resumed.ok()) PrintLine(context, target.typed);
    several.Add(std::move(resumed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable PauseCommand() { return cli::Bind(Describe, Run); }
cli::Runnable UnpauseCommand() { return cli::Bind(DescribeUnpause, RunUnpause); }

}  // namespace ctool
