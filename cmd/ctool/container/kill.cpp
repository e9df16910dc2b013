// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "ctool/container/targets.hpp"
#include "engine/stop.hpp"
#include "sys/signals.hpp"

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
  c.options.push_back({.name = "signal", .short_name = 's', .value = "signal", .help = "Name or number of the signal", .sink = &o.signal});
  AddTargets(c, o.targets, {.all = "Signal every container that runs", .latest = "Signal the container that was created last", .cidfile = true, .complete = cli::Complete::kRunningContainers});
  c.examples = {{"kill web", "End it at once"}, {"kill -s HUP web", "Have it read its configuration again"}};
  return c;
}

// Also "-9", as kill(1) has it. podman's words.
Result<int> ParseSignal(const std::string& typed) {
  const std::string text = typed.size() > 1 && typed[0] == '-' ? typed.substr(1) : typed;
  if (const std::optional<int> signal = sys::ParseSignal(text)) return *signal;
  if (const std::optional<int64_t> number = ParseInt(text); number && *number != 0)
    return Error(Code::kInvalidArgument, "valid signals are 1 through 64");
  return Error(Code::kInvalidArgument, "invalid signal: " + Printable(typed));
}

Result<int> Run(Context& context, const KillOptions& o) {
  const int signal = TRY(ParseSignal(o.signal));
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
