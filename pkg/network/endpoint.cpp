// SPDX-License-Identifier: Apache-2.0
#include "network/endpoint.hpp"

#include <arpa/inet.h>

namespace ctool::network {
namespace {

in6_addr Mapped(const in_addr& ip) {
  in6_addr mapped{};
  mapped.s6_addr[10] = mapped.s6_addr[11] = 0xFF;
  std::memcpy(&mapped.s6_addr[12], &ip, sizeof ip);
  return mapped;
}

}  // namespace

Endpoint Endpoint::From(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    return {Mapped(ipv4.sin_addr), ntohs(ipv4.sin_port)};
  }
  const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
  return {ipv6.sin6_addr, ntohs(ipv6.sin6_port)};
}

std::optional<Endpoint> Endpoint::Parse(const std::string& ip, uint16_t port) {
  in_addr ipv4{};
  if (::inet_pton(AF_INET, ip.c_str(), &ipv4) == 1) return Endpoint{Mapped(ipv4), port};
  Endpoint endpoint{{}, port};
  if (::inet_pton(AF_INET6, ip.c_str(), &endpoint.ip) == 1) return endpoint;
  return std::nullopt;
}

socklen_t Endpoint::Fill(sockaddr_storage& into) const {
  into = {};
  into.ss_family = static_cast<sa_family_t>(family());
  if (ipv4()) {
    auto& address = reinterpret_cast<sockaddr_in&>(into);
    std::memcpy(&address.sin_addr, bytes(), size());
    address.sin_port = htons(port);
    return sizeof address;
  }
  auto& address = reinterpret_cast<sockaddr_in6&>(into);
  address.sin6_addr = ip;
  address.sin6_port = htons(port);
  return sizeof address;
}

}  // namespace ctool::network
