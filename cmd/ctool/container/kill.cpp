// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/signal_option.hpp"
#include "engine/stop.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

struct KillOptions {
  TargetOptions targets;
  std::string signal = "KILL";
};

cli::Command Describe(KillOptions& o) {
  cli::Command c;
  c.summary = "Send a signal to containers";
  c.prose = "Sends a signal to the first process of each CONTAINER. After SIGKILL, waits until the container is gone. No restart policy starts it again.";
  c.options.push_back({.name = "signal", .short_name = 's', .value = "signal", .help = "Name or number of the signal", .sink = &o.signal, .words = words::kSignals});
  AddTargets(c, o.targets, {.all = "Signal every container that runs", .latest = "Signal the container that was created last", .cidfile = true, .complete = cli::Complete::kRunningContainers});
  c.examples = {{"kill web", "End it at once"}, {"kill -s HUP web", "Have it read its configuration again"}};
  return c;
}

Result<int> Run(Context& context, const KillOptions& o) {
  const int signal = TRY(engine::ParseSignalOption(o.signal));
  Several several;
  for (const Target& target : TRY(FindTargets(context, o.targets, {"running", "paused", "stopping"}, several))) {
    Status killed = engine::KillContainer(context.engine, target.container, signal);
    if (killed.ok()) PrintLine(context, target.typed);
    // It may have ended since it was listed.
    else if (o.targets.all && killed.error().code() == Code::kBusy) continue;
    several.Add(std::move(killed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable KillCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
