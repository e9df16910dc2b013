// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/restart.hpp"

namespace ctool {
namespace {

struct RestartOptions {
  TargetOptions targets;
  std::optional<int64_t> time;
  bool running = false;
};

cli::Command Describe(RestartOptions& o) {
  cli::Command c;
  c.summary = "Restart containers";
  c.prose = "Stops each CONTAINER that runs, as stop does, and starts it again; starts one that does not run.";
  c.options.push_back({.name = "time", .short_name = 't', .value = "seconds", .help = "Time from the stop signal to SIGKILL; 0 kills at once, -1 waits for ever", .sink = &o.time, .aliases = {"timeout"}, .def = "the container's, else 10"});
  c.options.push_back({.name = "running", .help = "Restart only containers that run; all of them when none is named", .sink = &o.running});
  AddTargets(c, o.targets, {.all = "Restart every container", .latest = "Restart the container that was created last", .filter = "Restart the containers that match", .cidfile = true});
  c.examples = {{"restart web"}, {"restart --running -t 3", "All that run, each within 3 seconds"}};
  return c;
}

Result<int> Run(Context& context, const RestartOptions& o) {
  TargetOptions which = o.targets;
  // Alone it means all that run.
  which.all |= o.running && which.names.empty() && which.cidfiles.empty() && which.filters.empty() && !which.latest;
  std::vector<std::string_view> states;
  if (o.running) states = {"running", "stopping"};
  Several several;
  std::vector<Target> targets = TRY(FindTargets(context, which, states, several));
  if (o.running) std::erase_if(targets, [](const Target& t) { return t.container.state != state::ContainerState::kRunning; });
  engine::RestartContainers(context.engine, ContainersOf(targets), o.time, [&](size_t i, Status restarted) {
    if (restarted.ok()) PrintLine(context, targets[i].typed);
    several.Add(std::move(restarted));
  });
  return several.Finish();
}

}  // namespace

cli::Runnable RestartCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
