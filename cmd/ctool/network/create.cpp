// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

using engine::CreateNetworkOptions;

cli::Command Describe(CreateNetworkOptions& o) {
  cli::Command c;
  c.summary = "Create a network";
  c.prose =
      "Makes a network by which containers reach each other, by name too, and prints its name. Containers of other networks do not reach "
      "them. NAME is chosen if it is left out, and so are the addresses: a free range that the host has no route to.\n\n"
      "Nothing runs for a network that no running container uses.";
  const auto list = [](std::string_view name, std::string_view value, std::string_view help, std::vector<std::string>& sink) {
    return cli::Option{.name = name, .value = value, .help = help, .sink = &sink};
  };
  c.options = {{.name = "disable-dns", .help = "Containers do not find each other by name", .sink = &o.disable_dns},
               list("dns", "address", "Ask this server for names that are no container's, in place of the host's", o.dns),
               {.name = "driver", .short_name = 'd', .value = "driver", .help = "Kind of network", .sink = &o.driver, .values = {"bridge"}},
               list("gateway", "address", "Address of the network itself in the subnet", o.gateways),
               {.name = "ignore", .help = "Be content with a network that has this name already", .sink = &o.ignore},
               {.name = "interface-name", .value = "name", .help = "Name of the bridge", .sink = &o.interface},
               {.name = "internal", .help = "No way out of the network", .sink = &o.internal},
               list("ip-range", "range", "Give containers addresses of this part of the subnet: a subnet, or FIRST-LAST", o.ranges),
               {.name = "ipam-driver", .value = "driver", .help = "Who chooses addresses", .sink = &o.ipam_driver, .values = {"host-local"}},
               {.name = "ipv6", .help = "IPv6 addresses, too", .sink = &o.ipv6},
               list("label", "key=value", "Label the network", o.labels),
               {.name = "opt", .short_name = 'o', .value = "key=value", .help = "Option of the bridge: mtu, vlan, metric, isolate, no_default_route",
                .sink = &o.options, .comma = true},
               list("route", "destination,gateway[,metric]", "A route that containers get", o.routes),
               list("subnet", "cidr", "Range of addresses; may be repeated", o.subnets)};
  c.options[1].comma = c.options[3].comma = true;
  c.args = {{.name = "NAME", .min = 0, .sink = &o.name}};
  c.examples = {{"network create web", "A network whose containers know each other by name"},
                {"network create --subnet 10.5.0.0/24 --gateway 10.5.0.254 --internal db", "With addresses of its own, and no way out"}};
  return c;
}

Result<int> Run(Context& context, const CreateNetworkOptions& o) {
  PrintLine(context, TRY(engine::CreateNetwork(context.engine, o)));
  return 0;
}

}  // namespace

cli::Runnable NetworkCreateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
