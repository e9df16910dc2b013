// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "engine/change.hpp"

namespace ctool {
namespace {

struct UpdateOptions {
  std::string container;
  engine::CreateOptions changes;
};

cli::Command Describe(UpdateOptions& o) {
  cli::Command c;
  c.summary = "Change what a container was made with";
  c.prose =
      "Changes the restart policy of CONTAINER and its health check, which count at once, and its environment and limits, which count from its next "
      "start on. Prints its id.";
  engine::CreateOptions& n = o.changes;
  c.options.push_back({.name = "restart", .value = "policy", .help = "Start it again when it has ended: no, on-failure[:retries], always, unless-stopped", .sink = &n.restart, .values = {"no", "on-failure", "always", "unless-stopped"}});
  c.options.push_back({.name = "env", .short_name = 'e', .value = "name[=value]", .help = "Set an environment variable; without a value, take the caller's", .sink = &n.env});
  c.options.push_back({.name = "unsetenv", .value = "name", .help = "Take an environment variable away", .sink = &n.unsetenv});
  c.options.push_back({.name = "ulimit", .value = "type=soft[:hard]", .help = "Resource limit", .sink = &n.ulimit});
  c.options.push_back({.name = "memory", .short_name = 'm', .value = "size", .help = "Memory limit", .sink = &n.memory});
  c.options.push_back({.name = "memory-swap", .value = "size", .help = "Limit of memory and swap together", .sink = &n.memory_swap});
  c.options.push_back({.name = "cpus", .value = "number", .help = "Limit of processor time, in processors", .sink = &n.cpus});
  c.options.push_back({.name = "pids-limit", .value = "number", .help = "Limit of processes", .sink = &n.pids_limit});
  AddHealthOptions(c.options, n);
  AddUnappliedLimits(c.options, n);
  c.args = {{.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}};
  c.examples = {{"update --restart always web", "From now on it is started again"}};
  return c;
}

Result<int> Run(Context& context, const UpdateOptions& o) {
  PrintLine(context, TRY(engine::UpdateContainer(context.engine, o.container, o.changes)));
  return 0;
}

}  // namespace

cli::Runnable UpdateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
