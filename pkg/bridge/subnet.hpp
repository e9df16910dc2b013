// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::bridge {

// An IPv4 or IPv6 address as a number, most significant byte first.
struct Address {
  bool v6 = false;
  unsigned __int128 value = 0;

  static std::optional<Address> Parse(std::string_view text);
  std::string Print() const;
  bool operator==(const Address&) const = default;
  bool operator<(const Address& o) const { return v6 != o.v6 ? o.v6 : value < o.value; }
};

// "10.89.0.0/24". Bits of the host part are cleared.
class Subnet {
 public:
  // kInvalidArgument: `invalid CIDR address: X`.
  static Result<Subnet> Parse(std::string_view text);
  std::string Print() const;
  bool v6() const { return base_.v6; }
  int bits() const { return bits_; }
  bool Contains(const Address& address) const;
  bool Overlaps(const Subnet& other) const;
  // The addresses that interfaces can have: without the network's own and, for IPv4, the broadcast address.
  Address First() const;
  Address Last() const;

 private:
  Subnet(Address base, int bits) : base_(base), bits_(bits) {}
  unsigned __int128 HostMask() const;
  Address base_;
  int bits_ = 0;
};

// The subnets that the host has routes to (/proc/net/route, /proc/net/ipv6_route): a network of ours there would hide them.
std::vector<Subnet> HostRoutes();
std::vector<Subnet> ParseRoutes(std::string_view ipv4, std::string_view ipv6);

// A free /24 of podman's pools (10.89.0.0 and up), or a random /64 below fd00::/8. kNotFound: all are taken.
Result<Subnet> FreeIpv4(const std::vector<Subnet>& taken);
Result<Subnet> FreeIpv6(const std::vector<Subnet>& taken);

}  // namespace ctool::bridge
