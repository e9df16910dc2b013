// SPDX-License-Identifier: Apache-2.0
#include "network/address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "sys/fd.hpp"

namespace ctool::network {

std::optional<Family> AddressFamily(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  in6_addr address{};
  if (::inet_pton(AF_INET, copy.c_str(), &address) == 1) return Family::kIpv4;
  if (::inet_pton(AF_INET6, copy.c_str(), &address) == 1) return Family::kIpv6;
  return std::nullopt;
}

std::optional<std::string> CanonicalAddress(std::string_view text) {
  const std::optional<Family> family = AddressFamily(text);
  if (!family) return std::nullopt;
  const int af = *family == Family::kIpv4 ? AF_INET : AF_INET6;
  in6_addr address{};
  char out[INET6_ADDRSTRLEN] = "";
  ::inet_pton(af, std::string(text).c_str(), &address);
  return ::inet_ntop(af, &address, out, sizeof out);
}

std::optional<uint32_t> ParseIpv4(std::string_view text) {
  in_addr address{};
  if (AddressFamily(text) != Family::kIpv4) return std::nullopt;
  ::inet_pton(AF_INET, std::string(text).c_str(), &address);
  return ntohl(address.s_addr);
}

std::string FormatIpv4(uint32_t address) {
  const in_addr raw{htonl(address)};
  char out[INET_ADDRSTRLEN] = "";
  return ::inet_ntop(AF_INET, &raw, out, sizeof out);
}

bool IsLoopbackAddress(std::string_view text) {
  if (const std::optional<uint32_t> ipv4 = ParseIpv4(text)) return *ipv4 >> 24 == 127;
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&address);
}

bool IsOwnAddress(const std::string& address, Family family) {
  sockaddr_storage at{};
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&at);
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&at);
  const bool four = family == Family::kIpv4;
  at.ss_family = four ? AF_INET : AF_INET6;
  if (::inet_pton(at.ss_family, address.c_str(), four ? static_cast<void*>(&ipv4->sin_addr) : &ipv6->sin6_addr) != 1)
    return false;
  const sys::Fd probe(::socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe && ::bind(probe.get(), reinterpret_cast<sockaddr*>(&at), four ? sizeof *ipv4 : sizeof *ipv6) == 0;
}

std::string HostAddress(const std::string& except) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return "";
  std::string link_local, best;
  for (const ifaddrs* at = all; at != nullptr && best.empty(); at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    if ((at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
    const uint32_t address =
        ntohl(reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr.s_addr);
    const std::string text = FormatIpv4(address);
    if (text != except) (address >> 16 == 0xA9FE ? link_local : best) = text;  // 169.254.0.0/16
  }
  ::freeifaddrs(all);
  return best.empty() ? link_local : best;
}

}  // namespace ctool::network
