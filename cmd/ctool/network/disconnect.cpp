// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

struct DisconnectOptions {
  std::string network, container;
  bool force = false;
};

cli::Command Describe(DisconnectOptions& o) {
  cli::Command c;
  c.summary = "Disconnect a container from a network";
  c.prose = "Takes CONTAINER off NETWORK: at once if it runs. Ports that it publishes there lead to another of its networks from then on.";
  c.options = {{.name = "force", .short_name = 'f', .help = "Be content with a container that is not connected, or not there", .sink = &o.force}};
  c.args = {{.name = "NETWORK", .sink = &o.network, .complete = cli::Complete::kNetworks},
            {.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}};
  c.examples = {{"network disconnect backend postgres"}};
  return c;
}

Result<int> Run(Context& context, const DisconnectOptions& o) {
  TRY(engine::DisconnectNetwork(context.engine, o.container, o.network, o.force));
  return 0;
}

}  // namespace

cli::Runnable NetworkDisconnectCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
