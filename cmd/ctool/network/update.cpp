// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

struct UpdateOptions {
  std::string network;
  std::vector<std::string> add, drop;
};

cli::Command Describe(UpdateOptions& o) {
  cli::Command c;
  c.summary = "Change the name servers of a network";
  c.prose =
      "Changes the servers that are asked for names that are no container's. Containers that run are served by them from the next "
      "container on that starts on NETWORK.";
  c.options = {{.name = "dns-add", .value = "address", .help = "Ask this server too", .sink = &o.add, .comma = true},
               {.name = "dns-drop", .value = "address", .help = "Ask this server no more", .sink = &o.drop, .comma = true}};
  c.args = {{.name = "NETWORK", .sink = &o.network, .complete = cli::Complete::kNetworks}};
  c.examples = {{"network update --dns-add 192.0.2.53 web"}};
  return c;
}

Result<int> Run(Context& context, const UpdateOptions& o) {
  TRY(engine::UpdateNetwork(context.engine, o.network, o.add, o.drop));
  PrintLine(context, o.network);
  return 0;
}

}  // namespace

cli::Runnable NetworkUpdateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
