// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

struct RmOptions {
  std::vector<std::string> containers, cidfiles, filters;
  bool all = false, force = false, ignore = false, volumes = false, latest = false, depend = false;
  std::optional<int64_t> time;
};

cli::Command Describe(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove containers";
  c.prose = "Removes each CONTAINER and what it has written. One that runs is removed only with -f, which stops it first.";
  c.options.push_back({.name = "all", .short_name = 'a', .help = "Remove every container", .sink = &o.all});
  c.options.push_back({.name = "force", .short_name = 'f', .help = "Stop a container that runs; pass over one that does not exist", .sink = &o.force});
  c.options.push_back({.name = "time", .short_name = 't', .value = "seconds", .help = "With --force: time from the stop signal to SIGKILL", .sink = &o.time, .aliases = {"timeout"}});
  c.options.push_back({.name = "ignore", .short_name = 'i', .help = "Pass over a container that does not exist", .sink = &o.ignore});
  c.options.push_back({.name = "volumes", .short_name = 'v', .help = "Remove the container's anonymous volumes too", .sink = &o.volumes});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Remove the container that was created last", .sink = &o.latest});
  c.options.push_back({.name = "depend", .help = "Remove the containers that depend on it too", .sink = &o.depend});
  c.options.push_back({.name = "cidfile", .value = "file", .help = "Read the container's id from this file", .sink = &o.cidfiles, .complete = cli::Complete::kFiles});
  c.options.push_back({.name = "filter", .value = "key=value", .help = "Remove the containers that match", .sink = &o.filters});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kContainers}};
  c.examples = {{"rm web", "Remove the container web"}, {"rm -fa", "Stop and remove every container"}};
  c.exits = {{"1", "there is no such container"}, {"2", "the container runs"}, {"125", "another failure"}};
  return c;
}

Result<std::vector<std::string>> Targets(Context& context, const RmOptions& o) {
  std::vector<std::string> targets = o.containers;
  for (const std::string& file : o.cidfiles) {
    Result<std::string> id = sys::ReadFile(file);
    if (!id.ok() && (o.ignore || o.force) && id.error().sys_errno() == ENOENT) continue;
    // No container is missing, so the status is not that of one.
    if (!id.ok()) return std::move(id).error().Wrap("reading CIDFile").As(Code::kIo);
    targets.emplace_back(Trim(*id));
  }
  if ((o.all || o.latest) && !targets.empty())
    return Error(Code::kInvalidArgument, std::string("no arguments are needed with ") + (o.all ? "--all" : "--latest"));
  if (o.latest) return std::vector<std::string>{TRY(engine::LatestContainer(context.engine)).id};
  if (o.all || !o.filters.empty()) {
    engine::ListContainersOptions list;
    list.all = true;
    list.filters = o.filters;
    for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list)))
      targets.push_back(row.container.id);
    return targets;
  }
  if (targets.empty() && o.cidfiles.empty())
    return Error(Code::kInvalidArgument, "you must provide at least one name or id");
  return targets;
}

Result<int> Run(Context& context, const RmOptions& o) {
  if (o.time && !o.force) return Error(Code::kInvalidArgument, "--force option must be specified to use the --time option");
  engine::RemoveContainerOptions how;
  how.force = o.force;
  how.volumes = o.volumes;
  how.time = o.time.value_or(10);
  Several several;
  for (const std::string& target : TRY(Targets(context, o))) {
    Status removed = engine::RemoveContainer(context.engine, target, how);
    if (!removed.ok() && removed.error().code() == Code::kNotFound && (o.force || o.ignore)) continue;
    if (removed.ok()) PrintLine(context, target);
    several.Add(std::move(removed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable RmCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
