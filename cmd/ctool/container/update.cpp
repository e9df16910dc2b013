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
      "Changes the restart policy of CONTAINER, its health check and the limits of its control group, which count at once, and its environment and "
      "ulimits, which count from its next start on. Prints its id.";
  engine::CreateOptions& n = o.changes;
  c.options.push_back({.name = "restart", .value = "policy", .help = "Start it again when it has ended: no, on-failure[:retries], always, unless-stopped", .sink = &n.restart, .values = {"no", "on-failure", "always", "unless-stopped"}});
  c.options.push_back({.name = "env", .short_name = 'e', .value = "name[=value]", .help = "Set an environment variable; without a value, take the caller's", .sink = &n.env});
  c.options.push_back({.name = "unsetenv", .value = "name", .help = "Take an environment variable away", .sink = &n.unsetenv});
  c.options.push_back({.name = "ulimit", .value = "type=soft[:hard]", .help = "Resource limit", .sink = &n.ulimit});
  AddHealthOptions(c.options, n);
  AddLimitOptions(c.options, n.limits);
  c.args = {{.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}};
  c.examples = {{"update --restart always web", "From now on it is started again"}, {"update --memory 512m --cpus 1.5 web", "Other limits, while it runs"}};
  return c;
}

Result<int> Run(Context& context, const UpdateOptions& o) {
  PrintLine(context, TRY(engine::UpdateContainer(context.engine, o.container, o.changes)));
  return 0;
}

}  // namespace

cli::Runnable UpdateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
