// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

struct ConnectOptions {
  std::string network, container, ip, ip6, mac;
  std::vector<std::string> aliases;
};

cli::Command Describe(ConnectOptions& o) {
  cli::Command c;
  c.summary = "Connect a container to a network";
  c.prose =
      "Puts CONTAINER, which has to be on a bridge network or on none of them any more, on NETWORK too: at once if it runs, or when it "
      "starts.";
  c.options = {{.name = "alias", .value = "name", .help = "One more name of the container on this network", .sink = &o.aliases, .comma = true},
               {.name = "ip", .value = "address", .help = "Its IPv4 address", .sink = &o.ip},
               {.name = "ip6", .value = "address", .help = "Its IPv6 address", .sink = &o.ip6},
               {.name = "mac-address", .value = "address", .help = "Its hardware address", .sink = &o.mac}};
  c.args = {{.name = "NETWORK", .sink = &o.network, .complete = cli::Complete::kNetworks},
            {.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}};
  c.examples = {{"network connect --alias db backend postgres"}};
  return c;
}

Result<int> Run(Context& context, const ConnectOptions& o) {
  bridge::Attachment wanted;
  for (const auto& [key, value] : {std::pair("ip", &o.ip), {"ip6", &o.ip6}, {"mac", &o.mac}})
    if (!value->empty()) TRY(bridge::SetAttachmentOption(key, *value, wanted));
  for (const std::string& alias : o.aliases) TRY(bridge::SetAttachmentOption("alias", alias, wanted));
  wanted.network = o.network;
  TRY(engine::ConnectNetwork(context.engine, o.container, std::move(wanted)));
  return 0;
}

}  // namespace

cli::Runnable NetworkConnectCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
