// SPDX-License-Identifier: Apache-2.0
#include "bridge/subnet.hpp"

#include <arpa/inet.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/text.hpp"
#include "network/host_routes.hpp"
#include "sys/file.hpp"

namespace ctool::bridge {
namespace {

int Width(bool v6) { return v6 ? 128 : 32; }

bool IsTaken(const Subnet& subnet, const std::vector<Subnet>& taken) {
  return std::any_of(taken.begin(), taken.end(), [&](const Subnet& other) { return subnet.Overlaps(other); });
}

void AddIpv4Routes(std::string_view text, std::vector<Subnet>& routes) {
  for (const network::HostRoute& route : network::ParseRoutes(text)) {
    if (route.prefix == 0) continue;  // the default route is in nobody's way
    const Result<Subnet> subnet = Subnet::Parse(Address{false, route.destination}.Print() + "/" + std::to_string(route.prefix));
    if (subnet.ok()) routes.push_back(*subnet);
  }
}

// 32 hex digits, the length of the prefix in hex, and more.
void AddIpv6Routes(std::string_view text, std::vector<Subnet>& routes) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string destination, length;
    words >> destination >> length;
    if (destination.size() != 32) continue;
    const long bits = std::strtol(length.c_str(), nullptr, 16);
    if (bits <= 8) continue;  // default and multicast
    std::string address;
    for (size_t i = 0; i < 32; i += 4) address += (i == 0 ? "" : ":") + destination.substr(i, 4);
    const Result<Subnet> subnet = Subnet::Parse(address + "/" + std::to_string(bits));
    if (subnet.ok()) routes.push_back(*subnet);
  }
}

}  // namespace

std::optional<Address> Address::Parse(std::string_view text) {
  const std::string copy(text);
  Address address;
  std::array<uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) {
    for (size_t i = 0; i < 4; ++i) address.value = address.value << 8 | bytes[i];
    return address;
  }
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return std::nullopt;
  address.v6 = true;
  for (const uint8_t byte : bytes) address.value = address.value << 8 | byte;
  return address;
}

std::string Address::Print() const {
  std::array<uint8_t, 16> bytes{};
  const size_t count = v6 ? 16 : 4;
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(value >> (8 * (count - 1 - i)));
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size()) == nullptr ? "" : text.data();
}

unsigned __int128 Subnet::HostMask() const {
  const int host = Width(v6()) - bits_;
  return host == 128 ? ~static_cast<unsigned __int128>(0) : (static_cast<unsigned __int128>(1) << host) - 1;
}

Result<Subnet> Subnet::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto invalid = [&] { return Error(Code::kInvalidArgument, "invalid CIDR address: " + Printable(text)); };
  if (slash == std::string_view::npos) return invalid();
  const std::optional<Address> address = Address::Parse(text.substr(0, slash));
  const std::optional<int64_t> bits = ParseInt(text.substr(slash + 1));
  if (!address || !bits || *bits < 0 || *bits > Width(address->v6)) return invalid();
  Subnet subnet(*address, static_cast<int>(*bits));
  subnet.base_.value &= ~subnet.HostMask();
  return subnet;
}

std::string Subnet::Print() const { return base_.Print() + "/" + std::to_string(bits_); }

bool Subnet::Contains(const Address& address) const {
  return address.v6 == v6() && (address.value & ~HostMask()) == base_.value;
}

bool Subnet::Overlaps(const Subnet& other) const {
  return bits_ <= other.bits_ ? Contains(other.base_) : other.Contains(base_);
}

Address Subnet::First() const { return {v6(), base_.value + (HostMask() == 0 ? 0 : 1)}; }

Address Subnet::Last() const {
  const bool broadcast = !v6() && HostMask() > 1;
  return {v6(), base_.value + HostMask() - (broadcast ? 1 : 0)};
}

std::vector<Subnet> ParseRoutes(std::string_view ipv4, std::string_view ipv6) {
  std::vector<Subnet> routes;
  AddIpv4Routes(ipv4, routes);
  AddIpv6Routes(ipv6, routes);
  return routes;
}

std::vector<Subnet> HostRoutes() {
  const Result<std::string> ipv4 = sys::ReadFile("/proc/net/route"), ipv6 = sys::ReadFile("/proc/net/ipv6_route");
  return ParseRoutes(ipv4.ok() ? *ipv4 : "", ipv6.ok() ? *ipv6 : "");
}

Result<Subnet> FreeIpv4(const std::vector<Subnet>& taken) {
  // containers.conf's default_subnet_pools, all with /24.
  for (const auto& [second, count] : {std::pair{89, 1}, {90, 2}, {92, 4}, {96, 32}, {128, 128}})
    for (int i = 0; i < count * 256; ++i) {
      const Subnet subnet = TRY(Subnet::Parse("10." + std::to_string(second + i / 256) + "." + std::to_string(i % 256) + ".0/24"));
      if (!IsTaken(subnet, taken)) return subnet;
    }
  return Error(Code::kNotFound, "could not find free subnet from subnet pools");
}

Result<Subnet> FreeIpv6(const std::vector<Subnet>& taken) {
  for (int tries = 0; tries < 100; ++tries) {
    std::array<uint8_t, 7> random;
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) return Error::Sys(errno, "getrandom");
    Address address{true, 0xfd};
    for (const uint8_t byte : random) address.value = address.value << 8 | byte;
    address.value <<= 64;
    const Subnet subnet = TRY(Subnet::Parse(address.Print() + "/64"));
    if (!IsTaken(subnet, taken)) return subnet;
  }
  return Error(Code::kNotFound, "could not find a free IPv6 subnet");
}

}  // namespace ctool::bridge
