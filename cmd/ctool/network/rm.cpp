// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

struct RmOptions {
  std::vector<std::string> networks;
  engine::RemoveNetworkOptions how;
};

cli::Command Describe(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove networks";
  c.prose = "Removes each NETWORK that no container uses, running or not, and prints its name.";
  c.options = {{.name = "force", .short_name = 'f', .help = "Remove the containers that use it first; pass over a network that does not exist",
                .sink = &o.how.force},
               {.name = "time", .short_name = 't', .value = "seconds", .help = "Seconds that the containers have to end, with --force; -1 is for ever",
                .sink = &o.how.time, .aliases = {"timeout"}}};
  c.args = {{.name = "NETWORK", .max = cli::kUnlimited, .sink = &o.networks, .complete = cli::Complete::kNetworks}};
  c.examples = {{"network rm web"}, {"network rm -f -t 0 web", "With its containers, at once"}};
  c.exits = {{"1", "there is no such network"}, {"2", "a container uses it"}, {"125", "another failure"}};
  return c;
}

Result<int> Run(Context& context, const RmOptions& o) {
  Several several;
  for (const std::string& name : o.networks) {
    Status removed = engine::RemoveNetwork(context.engine, name, o.how);
    if (removed.ok()) PrintLine(context, name);
    several.Add(std::move(removed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable NetworkRmCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
