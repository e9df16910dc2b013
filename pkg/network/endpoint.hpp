// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace ctool::network {

// One end of a connection. An IPv4 address is kept as IPv6 has it (::ffff:1.2.3.4): what a socket for both families
// says.
struct Endpoint {
  in6_addr ip{};
  uint16_t port = 0;

  static Endpoint From(const sockaddr_storage& address);
  // "10.0.2.2", "fd00::2". Nothing: no address.
  static std::optional<Endpoint> Parse(const std::string& ip, uint16_t port = 0);

  bool ipv4() const { return IN6_IS_ADDR_V4MAPPED(&ip); }
  int family() const { return ipv4() ? AF_INET : AF_INET6; }
  // The address alone, in the family's own size.
  const uint8_t* bytes() const { return ipv4() ? &ip.s6_addr[12] : ip.s6_addr; }
  size_t size() const { return ipv4() ? sizeof(in_addr) : sizeof(in6_addr); }
  bool SameAddress(const Endpoint& o) const { return std::memcmp(&ip, &o.ip, sizeof ip) == 0; }
  bool operator==(const Endpoint& o) const { return port == o.port && SameAddress(o); }

  // For a socket of family(). Returns its length.
  socklen_t Fill(sockaddr_storage& into) const;
};

}  // namespace ctool::network
