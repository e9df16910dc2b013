// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ctool::monitor {

// Of network::Backend.
inline constexpr auto kBackendFields = [](auto& o, const auto& field) {
  field("name", o.name);
  field("command", o.command);
  field("apiSocket", o.api_socket);
  field("address", o.address);
  field("gateway", o.gateway);
  field("prefix", o.prefix);
  field("address6", o.address6);
  field("gateway6", o.gateway6);
  field("prefix6", o.prefix6);
  field("dns", o.dns);
  field("hostAddress", o.host_address);
  field("ipv6", o.ipv6);
};

}  // namespace ctool::monitor
