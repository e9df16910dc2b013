// SPDX-License-Identifier: Apache-2.0
//
// Published ports: the syntax of -p and --expose, how they are printed, and whether the host has
// them free.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

struct PortMapping {
  std::string host_ip;     // empty: every address (of IPv4 alone, where the forwarder can't do more)
  uint16_t host_port = 0;  // 0: not chosen yet
  uint16_t container_port = 0;
  uint16_t count = 1;            // so many ports from these on
  std::string protocol = "tcp";  // tcp, udp, sctp
  bool operator==(const PortMapping&) const = default;
};

// One -p: [[IP:][HOSTPORT]:]PORT[/PROTOCOL], ports may be ranges A-B, an IPv6 address is in
// brackets; without a host port a free one is chosen later. kInvalidArgument, with podman's texts.
Result<PortMapping> ParsePortMapping(std::string_view text);

// Several -p: sorted by protocol, address and host port, neighbours joined to ranges. Two different
// container ports behind one host port are kInvalidArgument.
Result<std::vector<PortMapping>> ParsePortMappings(const std::vector<std::string>& texts);

// --expose and an image's ExposedPorts: "80", "80/udp", "8000-8010/tcp". host_port stays 0.
Result<PortMapping> ParseExposedPort(std::string_view text);

// Gives every mapping without a host port a free one (a range gets consecutive ones). What is
// chosen is free now; only the bind decides.
Status ChooseHostPorts(std::vector<PortMapping>& mappings);

// Binds every host port for a moment. kBusy "address already in use", kPermission for a port below
// net.ipv4.ip_unprivileged_port_start, kNotFound-like errors for an address that is not the host's.
Status CheckHostPorts(const std::vector<PortMapping>& mappings);

// A port of the host that we listen on.
struct HostListener {
  sys::Fd fd;  // non-blocking
  uint16_t container_port = 0;
  bool udp = false;
};
// All of them, or the error that CheckHostPorts gives. Without an address a port is one of IPv4 and IPv6, where the host has that
// and no other mapping takes it.
Result<std::vector<HostListener>> ListenHostPorts(const std::vector<PortMapping>& mappings);

// The PORTS column of ps: "0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp, 9000/tcp": mappings, then
// exposed ports that are not published.
std::string FormatPorts(const std::vector<PortMapping>& mappings,
                        const std::vector<PortMapping>& exposed);

// What `port` prints, one port a line: "80/tcp -> 0.0.0.0:8080".
struct PortLine {
  std::string container;  // "80/tcp"
  std::string host;       // "0.0.0.0:8080", "[::1]:8080"
};
std::vector<PortLine> ListPorts(const std::vector<PortMapping>& mappings);

}  // namespace ctool::network
