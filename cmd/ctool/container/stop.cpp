// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/stop.hpp"

namespace ctool {
namespace {

struct StopCommandOptions {
  TargetOptions targets;
  std::optional<int64_t> time;
};

cli::Command Describe(StopCommandOptions& o) {
  cli::Command c;
  c.summary = "Stop containers";
  c.prose =
      "Sends each CONTAINER its stop signal, SIGTERM unless the image or --stop-signal says otherwise, and SIGKILL when it has not ended in "
      "time. Several are stopped at once. One that does not run is no error. No restart policy starts it again.";
  c.options.push_back({.name = "time", .short_name = 't', .value = "seconds", .help = "Time from the stop signal to SIGKILL; 0 kills at once, -1 waits for ever", .sink = &o.time, .aliases = {"timeout"}, .def = "the container's, else 10"});
  c.options.push_back({.name = "ignore", .short_name = 'i', .help = "Pass over a container that does not exist", .sink = &o.targets.ignore});
  AddTargets(c, o.targets, {.all = "Stop every container", .latest = "Stop the container that was created last", .filter = "Stop the containers that match", .cidfile = true, .complete = cli::Complete::kRunningContainers});
  c.examples = {{"stop web", "Stop the container web"}, {"stop -t 0 -a", "Kill every container"}};
  return c;
}

Result<int> Run(Context& context, const StopCommandOptions& o) {
  if (o.time && *o.time < -1) return Error(Code::kInvalidArgument, "invalid time " + std::to_string(*o.time) + ": wanted seconds, or -1 to wait for ever");
  Several several;
  const std::vector<Target> targets = TRY(FindTargets(context, o.targets, {}, several));
  engine::StopContainers(context.engine, ContainersOf(targets), {.time = o.time}, [&](size_t i, Status stopped) {
    if (stopped.ok()) PrintLine(context, targets[i].typed);
    several.Add(std::move(stopped));
  });
  return several.Finish();
}

}  // namespace

cli::Runnable StopCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
