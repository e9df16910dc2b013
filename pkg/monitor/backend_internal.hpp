// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitor/json_internal.hpp"
#include "network/backend.hpp"

namespace ctool::monitor {

inline Json PrintBackend(const network::Backend& b) {
  return {{"name", b.name},       {"command", b.command},   {"apiSocket", b.api_socket}, {"address", b.address},
          {"gateway", b.gateway}, {"prefix", b.prefix},     {"address6", b.address6},    {"gateway6", b.gateway6},
          {"prefix6", b.prefix6}, {"dns", b.dns},           {"hostAddress", b.host_address}, {"ipv6", b.ipv6}};
}

inline void Read(const Json& from, const char* key, network::Backend& b) {
  const auto it = from.find(key);
  if (it == from.end() || !it->is_object()) return;
  Read(*it, "name", b.name);
  Read(*it, "command", b.command);
  Read(*it, "apiSocket", b.api_socket);
  Read(*it, "address", b.address);
  Read(*it, "gateway", b.gateway);
  Read(*it, "prefix", b.prefix);
  Read(*it, "address6", b.address6);
  Read(*it, "gateway6", b.gateway6);
  Read(*it, "prefix6", b.prefix6);
  Read(*it, "dns", b.dns);
  Read(*it, "hostAddress", b.host_address);
  Read(*it, "ipv6", b.ipv6);
}

}  // namespace ctool::monitor
