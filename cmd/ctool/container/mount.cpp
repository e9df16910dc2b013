// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "ctool/container/files.hpp"
#include "ctool/context.hpp"
#include "engine/containers.hpp"
#include "engine/unshare.hpp"

namespace ctool {
namespace {

struct MountOptions {
  std::vector<std::string> containers;
  std::string format;
  bool all = false, latest = false, no_trunc = false;
};
struct UnmountOptions {
  std::vector<std::string> containers;
  bool all = false, force = false, latest = false;
};

cli::Command DescribeMount(MountOptions& o) {
  cli::Command c;
  c.summary = "Mount containers' root file systems";
  c.prose =
      "Mounts the root file system of each CONTAINER and prints where; without one, lists what is mounted. This works only in "
      "`ctool unshare`, and the mounts are only seen there and end with it. A container that runs is mounted read-only.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Mount every container", .sink = &o.all},
               {.name = "format", .value = "format", .help = "Print the list as json", .sink = &o.format, .values = {"json"}},
               {.name = "latest", .short_name = 'l', .help = "Mount the container that was created last", .sink = &o.latest},
               {.name = "no-trunc", .help = "Show whole ids", .sink = &o.no_trunc, .aliases = {"notruncate"}}};
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kContainers}};
  c.examples = {{"unshare sh -c 'ls $(ctool mount web)'"}};
  return c;
}

cli::Command DescribeUnmount(UnmountOptions& o) {
  cli::Command c;
  c.summary = "Unmount containers' root file systems";
  c.prose = "Takes down what `ctool mount` has mounted in this `ctool unshare`, and prints the containers' names as they were typed.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Unmount every container", .sink = &o.all},
               {.name = "force", .short_name = 'f', .help = "Accepted for podman's sake", .sink = &o.force},
               {.name = "latest", .short_name = 'l', .help = "Unmount the container that was created last", .sink = &o.latest}};
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kContainers}};
  c.examples = {{"unmount web"}};
  return c;
}

Status CheckTargets(const std::vector<std::string>& names, bool all, bool latest) {
  if (all && latest) return Error(Code::kInvalidArgument, "--all and --latest cannot be used together");
  if (!names.empty() && (all || latest))
    return Error(Code::kInvalidArgument, std::string("no arguments are needed with ") + (all ? "--all" : "--latest"));
  return Ok();
}

void PrintList(Context& context, const std::vector<engine::ContainerMountPoint>& mounted, const MountOptions& o) {
  if (o.format.empty()) {
    for (const engine::ContainerMountPoint& m : mounted) PrintLine(context, (o.no_trunc ? m.id : m.id.substr(0, 12)) + "  " + m.path);
    return;
  }
  std::string out;
  for (const engine::ContainerMountPoint& m : mounted)
    out += (out.empty() ? "" : ",") + std::string("\n {\n  \"id\": ") + cli::ToJson(m.id) + ",\n  \"Names\": [\n   " + cli::ToJson(m.name) +
           "\n  ],\n  \"mountpoint\": " + cli::ToJson(m.path) + "\n }";
  PrintLine(context, "[" + out + (out.empty() ? "]" : "\n]"));
}

Result<int> RunMount(Context& context, const MountOptions& o) {
  if (!engine::IsUnshared())
    return Error(Code::kUnsupported, "cannot run command \"ctool mount\" in rootless mode, must execute `ctool unshare` first");
  TRY(CheckTargets(o.containers, o.all, o.latest));
  std::vector<std::string> targets = o.containers;
  if (o.latest) targets = {TRY(engine::LatestContainer(context.engine)).id};
  if (o.all) {
    engine::ListContainersOptions list;
    list.all = true;
    for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list))) targets.push_back(row.container.id);
  }
  if (targets.empty() && !o.all) {
    if (!o.format.empty() && o.format != "json") return Error(Code::kInvalidArgument, "unknown --format argument: " + Quote(o.format));
    PrintList(context, TRY(engine::ListMountedContainers(context.engine)), o);
    return 0;
  }
  Several several;
  for (const std::string& target : targets) {
    const Result<engine::ContainerMountPoint> point = engine::MountContainer(context.engine, target);
    if (point.ok()) PrintLine(context, point->path);
    several.Add(point.ok() ? Ok() : Status(point.error()));
  }
  return several.Finish();
}

Result<int> RunUnmount(Context& context, const UnmountOptions& o) {
  TRY(CheckTargets(o.containers, o.all, o.latest));
  if (o.all) {
    for (const engine::ContainerMountPoint& point : TRY(engine::ListMountedContainers(context.engine)))
      if (TRY(engine::UnmountContainer(context.engine, point.id))) PrintLine(context, point.id);
    return 0;
  }
  std::vector<std::string> targets = o.containers;
  if (o.latest) targets = {TRY(engine::LatestContainer(context.engine)).id};
  if (targets.empty()) return Error(Code::kInvalidArgument, "you must provide at least one name or id");
  Several several;
  for (const std::string& target : targets) {
    const Result<state::Container> container = engine::FindContainer(context.engine, target);
    Status unmounted = container.ok() ? Ok() : Status(container.error());
    if (container.ok()) {
      const Result<bool> done = engine::UnmountContainer(context.engine, container->id);
      if (!done.ok()) unmounted = done.error();
    }
    if (unmounted.ok()) PrintLine(context, target);  // podman prints one that was not mounted too
    several.Add(std::move(unmounted));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable MountCommand() { return cli::Bind(DescribeMount, RunMount); }
cli::Runnable UnmountCommand() { return cli::Bind(DescribeUnmount, RunUnmount); }

}  // namespace ctool
