// SPDX-License-Identifier: Apache-2.0
#include "engine/wait.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct WaitCommandOptions {
  engine::WaitOptions wait;
  std::vector<std::string> containers;
  std::string interval = "250ms";
  bool latest = false;
};

cli::Command Describe(WaitCommandOptions& o) {
  cli::Command c;
  c.summary = "Wait until containers have ended";
  c.prose =
      "Waits until each CONTAINER has ended, and prints its exit code, one a line. With --condition, waits for another state; then -1 is "
      "printed. The code of a container that removed itself (--rm) is known by its whole id for five minutes.";
  c.options.push_back({.name = "condition", .value = "state", .help = "Wait for this state; several: for any of them", .sink = &o.wait.conditions, .values = {"configured", "created", "exited", "healthy", "initialized", "paused", "removing", "running", "stopped", "stopping", "unhealthy", "unknown"}, .comma = true});
  c.options.push_back({.name = "interval", .short_name = 'i', .value = "duration", .help = "Time between two looks at what sends no event; a number is in milliseconds", .sink = &o.interval});
  c.options.push_back({.name = "ignore", .help = "Print -1 for a container that does not exist", .sink = &o.wait.ignore});
  c.options.push_back({.name = "exit-first-match", .help = "End with the first container that matches", .sink = &o.wait.first_match});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Wait for the container that was created last", .sink = &o.latest});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kContainers}};
  c.examples = {{"wait job", "The exit code of job"}, {"wait --condition running web", "Until it runs"}};
  return c;
}

Result<int64_t> ParseInterval(const std::string& text) {
  if (const std::optional<uint64_t> millis = ParseUint(text); millis && *millis <= INT32_MAX)
    return static_cast<int64_t>(*millis) * 1'000'000;
  const std::optional<int64_t> nanos = ParseGoDuration(text);
  if (!nanos || *nanos < 0) return Error(Code::kInvalidArgument, "invalid --interval " + Quote(text) + ": want a number of milliseconds, or a time like 2s or 1m30s");
  return *nanos;
}

Result<int> Run(Context& context, const WaitCommandOptions& o) {
  engine::WaitOptions wait = o.wait;
  wait.interval = TRY(ParseInterval(o.interval));
  std::vector<std::string> containers = o.containers;
  if (o.latest && !containers.empty())
    return Error(Code::kInvalidArgument, "--latest and containers cannot be used together");
  if (!o.latest && containers.empty())
    return Error(Code::kInvalidArgument, R"("ctool wait" requires a name, id, or the "--latest" flag)");
  if (o.latest) containers.push_back(TRY(engine::LatestContainer(context.engine)).id);
  Several several;
  TRY(engine::WaitContainers(context.engine, containers, wait, [&](Result<int> code) {
    if (code.ok()) PrintLine(context, std::to_string(*code));
    else several.Add(std::move(code).error());
  }));
  return several.Finish();
}

}  // namespace

cli::Runnable WaitCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
