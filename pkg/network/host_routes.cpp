// SPDX-License-Identifier: Apache-2.0
#include "network/host_routes.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

constexpr size_t kMaxRoutes = 4 << 20;  // a full routing table is not a host's that runs containers
constexpr int kCandidates = 256;

std::vector<std::string> Words(const std::string& line) {
  std::string clean = line;
  std::replace(clean.begin(), clean.end(), '\t', ' ');
  std::vector<std::string> words;
  for (std::string& word : Split(clean, ' '))
    if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::optional<uint32_t> Hex(const std::string& text) {
  uint32_t value = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (err != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The kernel prints addresses as the number that their bytes are here.
std::optional<uint32_t> HexAddress(const std::string& text) {
  const std::optional<uint32_t> raw = Hex(text);
  return raw ? std::optional<uint32_t>(ntohl(*raw)) : std::nullopt;
}

std::string Ipv6OfHex(const std::string& hex) {
  in6_addr address{};
  for (size_t i = 0; i < 16 && hex.size() == 32; ++i)
    address.s6_addr[i] = static_cast<uint8_t>(Hex(hex.substr(2 * i, 2)).value_or(0));
  char out[INET6_ADDRSTRLEN] = "";
  return ::inet_ntop(AF_INET6, &address, out, sizeof out);
}

std::optional<DefaultRoute> DefaultRoute6() {
  const Result<std::string> text = sys::ReadFile("/proc/net/ipv6_route", kMaxRoutes);
  if (!text.ok()) return std::nullopt;
  for (const std::string& line : Split(*text, '\n')) {
    const std::vector<std::string> w = Words(line);
    if (w.size() < 10 || w[1] != "00" || w[0].find_first_not_of('0') != std::string::npos || w[9] == "lo") continue;
    const uint32_t flags = Hex(w[8]).value_or(0);
    if ((flags & RTF_UP) == 0 || (flags & RTF_REJECT) != 0) continue;
    const std::string gateway = Ipv6OfHex(w[4]);
    return DefaultRoute{w[9], gateway == "::" ? "" : gateway};
  }
  return std::nullopt;
}

int PrefixOf(const sockaddr* mask, Family family) {
  if (mask == nullptr) return 0;
  if (family == Family::kIpv4)
    return std::popcount(reinterpret_cast<const sockaddr_in*>(mask)->sin_addr.s_addr);
  int bits = 0;
  for (const uint8_t byte : reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr.s6_addr) bits += std::popcount(byte);
  return bits;
}

bool IsLinkLocal(const sockaddr* address, Family family) {
  if (family == Family::kIpv6) return IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 16 == 0xA9FE;
}

}  // namespace

std::vector<HostRoute> ParseRoutes(std::string_view text) {
  std::vector<HostRoute> routes;
  for (const std::string& line : Split(text, '\n')) {
    const std::vector<std::string> w = Words(line);
    if (w.size() < 8) continue;
    const auto destination = HexAddress(w[1]), gateway = HexAddress(w[2]), mask = HexAddress(w[7]);
    const std::optional<uint32_t> flags = Hex(w[3]);
    const std::optional<uint64_t> metric = ParseUint(w[6]);
    if (!destination || !gateway || !mask || !flags || !metric || (*flags & RTF_UP) == 0) continue;
    routes.push_back({*destination, *gateway, std::popcount(*mask), static_cast<uint32_t>(*metric), w[0]});
  }
  return routes;
}

std::vector<HostRoute> HostRoutes() {
  const Result<std::string> text = sys::ReadFile("/proc/net/route", kMaxRoutes);
  return text.ok() ? ParseRoutes(*text) : std::vector<HostRoute>();
}

std::optional<DefaultRoute> HostDefaultRoute(Family family) {
  if (family == Family::kIpv6) return DefaultRoute6();
  const HostRoute* best = nullptr;
  const std::vector<HostRoute> routes = HostRoutes();
  for (const HostRoute& route : routes)
    if (route.prefix == 0 && route.destination == 0 && (best == nullptr || route.metric < best->metric)) best = &route;
  if (best == nullptr) return std::nullopt;
  return DefaultRoute{best->interface, best->gateway == 0 ? "" : FormatIpv4(best->gateway)};
}

std::optional<InterfaceAddress> AddressOfInterface(const std::string& interface, Family family) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return std::nullopt;
  std::optional<InterfaceAddress> found;
  for (const ifaddrs* at = all; at != nullptr && !found; at = at->ifa_next) {
    const int af = family == Family::kIpv4 ? AF_INET : AF_INET6;
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != af || interface != at->ifa_name) continue;
    if (IsLinkLocal(at->ifa_addr, family)) continue;
    char text[INET6_ADDRSTRLEN] = "";
    const void* raw = family == Family::kIpv4
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr)
                          : &reinterpret_cast<const sockaddr_in6*>(at->ifa_addr)->sin6_addr;
    ::inet_ntop(af, raw, text, sizeof text);
    found = InterfaceAddress{text, PrefixOf(at->ifa_netmask, family)};
  }
  ::freeifaddrs(all);
  return found;
}

std::optional<std::string> FreeCidr(const std::vector<HostRoute>& routes, const std::vector<std::string>& servers) {
  const auto is_used = [&](uint32_t base) {
    for (const HostRoute& route : routes) {
      const int common = std::min(route.prefix, 24);
      if (common > 0 && ((route.destination ^ base) >> (32 - common)) == 0) return true;
    }
    return std::any_of(servers.begin(), servers.end(), [&](const std::string& server) {
      const std::optional<uint32_t> address = ParseIpv4(server);
      return address && *address >> 8 == base >> 8;
    });
  };
  // 10.0.2.0 first, then 10.1.2.0 and so on, then 192.168.0.0 and so on: a host in 10.0.0.0/8 has the latter free.
  for (uint32_t i = 0; i < 2 * kCandidates; ++i) {
    const uint32_t base = i < kCandidates ? 0x0A000200 + (i << 16) : 0xC0A80000 + ((i - kCandidates) << 8);
    if (!is_used(base)) return FormatIpv4(base) + "/24";
  }
  return std::nullopt;
}

}  // namespace ctool::network
