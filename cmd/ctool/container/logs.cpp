// SPDX-License-Identifier: Apache-2.0
#include "engine/logs.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"
#include "engine/input_time.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

struct LogsOptions {
  std::vector<std::string> containers;
  engine::LogsOptions logs;
  std::string since, until;
  bool latest = false, details = false;
};

cli::Command Describe(LogsOptions& o) {
  cli::Command c;
  c.summary = "Show what containers have written";
  c.prose =
      "Prints the log of each CONTAINER: what it wrote to stdout on stdout, what it wrote to stderr on stderr. With several, each line begins with its container's id, or name.\n\n"
      "TIME is RFC 3339 (2006-01-02T15:04:05Z, 2006-01-02), seconds since 1970, or a duration like 10m: so long ago for --since, from now on for --until.\n\n"
      "The log of a container with the log driver journald is as complete as the journal: journald drops what a service, or a user's session, writes beyond RateLimitBurst= (journald.conf(5); some ten thousand lines in 30 seconds), "
      "and deletes the oldest entries of all when it has become too large.";
  c.options.push_back({.name = "follow", .short_name = 'f', .help = "Go on with what is written, until the container has ended", .sink = &o.logs.follow});
  c.options.push_back({.name = "tail", .value = "lines", .help = "Show only the last lines; negative: all", .sink = &o.logs.tail});
  c.options.push_back({.name = "since", .value = "time", .help = "Show what was written after TIME", .sink = &o.since});
  c.options.push_back({.name = "until", .value = "time", .help = "Show what was written before TIME", .sink = &o.until});
  c.options.push_back({.name = "timestamps", .short_name = 't', .help = "Begin each line with its time", .sink = &o.logs.timestamps});
  c.options.push_back({.name = "names", .short_name = 'n', .help = "With several containers, show names instead of ids", .sink = &o.logs.names});
  c.options.push_back({.name = "color", .help = "Show each container in a color of its own", .sink = &o.logs.color});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Show the container that was created last", .sink = &o.latest});
  c.options.push_back({.name = "details", .help = "Accepted for docker's sake", .sink = &o.details, .hidden = true});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kContainers}};
  c.examples = {{"logs web", "All that web has written"}, {"logs -f --tail 10 web", "The last ten lines, and what comes"}, {"logs --since 10m -n web db", "What two containers wrote in the last ten minutes"}};
  return c;
}

Result<std::optional<int64_t>> Time(const std::string& text, const char* option, engine::Direction direction) {
  if (text.empty()) return std::optional<int64_t>();
  Result<int64_t> time = engine::ParseInputTime(text, direction);
  if (!time.ok()) return std::move(time).error().Wrap(std::string("parsing ") + option + " " + Quote(text));
  return std::optional<int64_t>(*time);
}

Result<int> Run(Context& context, const LogsOptions& o) {
  if (o.latest && !o.containers.empty())
    return Error(Code::kInvalidArgument, "--latest and containers cannot be used together");
  if (!o.latest && o.containers.empty())
    return Error(Code::kInvalidArgument, "specify at least one container name or ID to log");
  engine::LogsOptions logs = o.logs;
  logs.since = TRY(Time(o.since, "--since", engine::Direction::kSince));
  logs.until = TRY(Time(o.until, "--until", engine::Direction::kUntil));
  std::vector<std::string> containers = o.containers;
  if (o.latest) containers = {TRY(engine::LatestContainer(context.engine)).id};
  TRY(engine::Logs(context.engine, containers, logs, [&](bool is_stderr, std::string_view bytes) {
    if (!is_stderr) return PrintRaw(context, bytes);
    return sys::WriteAll(STDERR_FILENO, bytes, "stderr").ok();
  }));
  return 0;
}

}  // namespace

cli::Runnable LogsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
