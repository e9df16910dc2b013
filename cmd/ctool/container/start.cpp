// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct StartOptions {
  std::vector<std::string> containers, filters;
  bool attach = false, interactive = false, all = false, latest = false;
  std::optional<bool> sig_proxy;
  std::string detach_keys = "ctrl-p,ctrl-q";
};

cli::Command Describe(StartOptions& o) {
  cli::Command c;
  c.summary = "Start containers that were created or have ended";
  c.prose = "Starts each CONTAINER in the background, or with -a attaches to the one that is named. One that runs already is left alone.";
  c.options.push_back({.name = "attach", .short_name = 'a', .help = "Attach to the container's output; the exit status is the container's", .sink = &o.attach});
  c.options.push_back({.name = "interactive", .short_name = 'i', .help = "Attach stdin too", .sink = &o.interactive});
  c.options.push_back({.name = "all", .help = "Start every container", .sink = &o.all});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Start the container that was created last", .sink = &o.latest});
  c.options.push_back({.name = "filter", .short_name = 'f', .value = "key=value", .help = "Start the containers that match", .sink = &o.filters});
  c.options.push_back({.name = "sig-proxy", .help = "Pass signals on to the container (default with --attach)", .sink = &o.sig_proxy});
  c.options.push_back({.name = "detach-keys", .value = "keys", .help = "Keys that detach from a terminal; empty switches them off", .sink = &o.detach_keys});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kStoppedContainers}};
  c.examples = {{"start web", "Start the container web"}, {"start -ai shell", "Start it again, here"}};
  return c;
}

// What was typed is printed; --all, --latest and --filter print whole ids.
Result<std::vector<std::string>> Targets(Context& context, const StartOptions& o) {
  if (!o.containers.empty() && o.all)
    return Error(Code::kInvalidArgument, "either start all containers or the container(s) provided in the arguments");
  if (!o.containers.empty() && o.latest)
    return Error(Code::kInvalidArgument, "--latest and containers cannot be used together");
  if (o.latest) return std::vector<std::string>{TRY(engine::LatestContainer(context.engine)).id};
  if (!o.all && o.filters.empty()) {
    if (o.containers.empty()) return Error(Code::kInvalidArgument, "start requires at least one argument");
    return o.containers;
  }
  engine::ListContainersOptions list;
  list.all = true;
  list.filters = o.filters;
  std::vector<std::string> ids;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list)))
    if (row.state != "running") ids.push_back(row.container.id);
  return ids;
}

Result<int> Run(Context& context, const StartOptions& o) {
  const std::vector<std::string> targets = TRY(Targets(context, o));
  const bool attach = o.attach || o.interactive;
  if (attach && targets.size() > 1)
    return Error(Code::kInvalidArgument, "you cannot start and attach multiple containers at once");
  if (!attach && o.sig_proxy.value_or(false))
    return Error(Code::kInvalidArgument, "you cannot use sig-proxy without --attach: invalid argument");
  engine::AttachOptions how;
  how.attach_stdout = how.attach_stderr = attach;
  how.attach_stdin = o.interactive;
  how.sig_proxy = o.sig_proxy.value_or(attach);
  how.detach_keys = o.detach_keys;
  if (attach && !targets.empty()) {
    const engine::StartOutcome outcome = TRY(engine::Start(context.engine, targets[0], how));
    return outcome.detached ? 0 : outcome.exit_code;
  }
  Several several;
  for (const std::string& target : targets) {
    const Result<engine::StartOutcome> started = engine::Start(context.engine, target, how);
    several.Add(started.ok() ? Ok() : Status(started.error()));
    if (started.ok()) PrintLine(context, target);
  }
  return several.Finish();
}

}  // namespace

cli::Runnable StartCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
