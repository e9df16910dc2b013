// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct StartOptions {
  TargetOptions targets;
  bool attach = false, interactive = false;
  std::optional<bool> sig_proxy;
  std::string detach_keys = "ctrl-p,ctrl-q";
};

cli::Command Describe(StartOptions& o) {
  cli::Command c;
  c.summary = "Start containers that were created or have ended";
  c.prose = "Starts each CONTAINER in the background, or with -a attaches to the one that is named. One that runs already is left alone.";
  c.options.push_back({.name = "attach", .short_name = 'a', .help = "Attach to the container's output; the exit status is the container's", .sink = &o.attach});
  c.options.push_back({.name = "interactive", .short_name = 'i', .help = "Attach stdin too", .sink = &o.interactive});
  c.options.push_back({.name = "sig-proxy", .help = "Pass signals on to the container (default with --attach)", .sink = &o.sig_proxy});
  c.options.push_back({.name = "detach-keys", .value = "keys", .help = "Keys that detach from a terminal; empty switches them off", .sink = &o.detach_keys});
  AddTargets(c, o.targets, {.latest = "Start the container that was created last", .filter = "Start the containers that match", .complete = cli::Complete::kStoppedContainers});
  // -a is --attach here.
  c.options.push_back({.name = "all", .help = "Start every container", .sink = &o.targets.all});
  c.examples = {{"start web", "Start the container web"}, {"start -ai shell", "Start it again, here"}};
  return c;
}

// podman's words for what it says differently here.
Result<std::vector<std::string>> Targets(Context& context, const StartOptions& o) {
  const TargetOptions& t = o.targets;
  if (t.all && !t.names.empty())
    return Error(Code::kInvalidArgument, "either start all containers or the container(s) provided in the arguments");
  if (!t.all && !t.latest && t.filters.empty() && t.names.empty())
    return Error(Code::kInvalidArgument, "start requires at least one argument");
  return SelectTargets(context, t, {"created", "exited"});
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
