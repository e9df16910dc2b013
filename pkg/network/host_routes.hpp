// SPDX-License-Identifier: Apache-2.0
//
// How the host is connected, as far as a user-mode network has to know: which ranges are in use, and by which interface
// the world is reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/address.hpp"

namespace ctool::network {

struct HostRoute {
  uint32_t destination = 0, gateway = 0;
  int prefix = 0;  // 0: the default route
  uint32_t metric = 0;
  std::string interface;
};

// IPv4, from the text of /proc/net/route. Lines that are none are left out.
std::vector<HostRoute> ParseRoutes(std::string_view text);
std::vector<HostRoute> HostRoutes();

struct DefaultRoute {
  std::string interface, gateway;  // no gateway on a point-to-point link
};
std::optional<DefaultRoute> HostDefaultRoute(Family family);

struct InterfaceAddress {
  std::string address;
  int prefix = 0;
};
// The first address of an interface that is not link-local.
std::optional<InterfaceAddress> AddressOfInterface(const std::string& interface, Family family);

// The first of some networks (10.0.2.0/24 and others like it) that shares no address with a route or a name server of
// the host. Nothing: all do.
std::optional<std::string> FreeCidr(const std::vector<HostRoute>& routes, const std::vector<std::string>& servers);

}  // namespace ctool::network
