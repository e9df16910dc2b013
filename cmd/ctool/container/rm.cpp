// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/containers.hpp"
#include "engine/dependencies.hpp"
#include "engine/stop.hpp"

namespace ctool {
namespace {

struct RmOptions {
  TargetOptions targets;
  bool force = false, volumes = false, depend = false;
  std::optional<int64_t> time;
};

cli::Command Describe(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove containers";
  c.prose = "Removes each CONTAINER and what it has written. One that runs is removed only with -f, which stops it first.";
  c.options.push_back({.name = "force", .short_name = 'f', .help = "Stop a container that runs; pass over one that does not exist", .sink = &o.force});
  c.options.push_back({.name = "time", .short_name = 't', .value = "seconds", .help = "With --force: time from the stop signal to SIGKILL", .sink = &o.time, .aliases = {"timeout"}, .def = "the container's, else 10"});
  c.options.push_back({.name = "ignore", .short_name = 'i', .help = "Pass over a container that does not exist", .sink = &o.targets.ignore});
  c.options.push_back({.name = "volumes", .short_name = 'v', .help = "Remove the container's anonymous volumes too", .sink = &o.volumes});
  c.options.push_back({.name = "depend", .help = "Remove the containers that require it too, before it; --all includes this", .sink = &o.depend});
  AddTargets(c, o.targets, {.all = "Remove every container", .latest = "Remove the container that was created last", .filter = "Remove the containers that match", .filter_letter = 0, .cidfile = true});
  c.examples = {{"rm web", "Remove the container web"}, {"rm -fa", "Stop and remove every container"}};
  c.exits = {{"1", "there is no such container"}, {"2", "the container runs"}, {"125", "another failure"}};
  return c;
}

// Those that run are stopped together, so that ten that are deaf take ten seconds and not a hundred. What goes wrong here
// goes wrong again when they are removed, and is told then.
void StopFirst(Context& context, const std::vector<std::string>& targets, std::optional<int64_t> time) {
  std::vector<state::Container> running;
  for (const std::string& target : targets) {
    Result<state::Container> found = engine::FindContainer(context.engine, target);
    if (found.ok() && found->state == state::ContainerState::kRunning) running.push_back(std::move(*found));
  }
  engine::StopContainers(context.engine, running, {.time = time}, [](size_t, const Status&) {});
}

// With those that depend on it in front, all by their ids; a target that cannot be found stays, for its error.
std::vector<std::string> WithDependents(Context& context, const std::vector<std::string>& targets) {
  std::vector<std::string> all;
  for (const std::string& target : targets) {
    const Result<std::vector<std::string>> order = engine::RemovalOrder(context.engine, target);
    for (const std::string& one : order.ok() ? *order : std::vector<std::string>{target})
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  }
  return all;
}

Result<int> Run(Context& context, const RmOptions& o) {
  if (o.time && !o.force) return Error(Code::kInvalidArgument, "--force option must be specified to use the --time option");
  TargetOptions which = o.targets;
  which.ignore |= o.force;
  std::vector<std::string> targets = TRY(SelectTargets(context, which));
  if (o.depend || which.all) targets = WithDependents(context, targets);
  if (o.force && targets.size() > 1) StopFirst(context, targets, o.time);
  const bool listed = which.all || !which.filters.empty();
  const engine::RemoveContainerOptions how{.force = o.force, .volumes = o.volumes, .time = o.time};
  Several several;
  for (const std::string& target : targets) {
    Status removed = engine::RemoveContainer(context.engine, target, how);
    if (removed.ok()) PrintLine(context, target);
    // With --all it may have gone since it was listed.
    else if (removed.error().code() == Code::kNotFound && (which.ignore || listed)) continue;
    several.Add(std::move(removed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable RmCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
