// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "network/endpoint.hpp"
#include "network/ports.hpp"
#include "network/rtnetlink.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

// Where the container is in its user-mode network.
struct ContainerPlace {
  Endpoint address, gateway;
  bool ipv6 = false;  // it gets an IPv6 address as well, by itself
};

// The address that a router has given to the container's interface, from the text of /proc/net/if_inet6.
std::optional<Endpoint> ParseOwnAddress6(std::string_view if_inet6, std::string_view interface);

// Makes the sockets that stand for clients in the container's network namespace. They have the clients' addresses
// (IP_TRANSPARENT), and what is sent to these comes back by the loopback interface: for TCP because the answer to a
// marked packet is marked, and what is marked stays here; for UDP because what a published port sends to an address
// stays here as long as there is a socket that has it.
class ContainerSide {
 public:
  // In the namespace, with all capabilities over it. `host` is a socket of the host's namespace.
  static Result<ContainerSide> Make(const ContainerPlace& place, const std::vector<PortMapping>& ports,
                                    RouteSocket host);

  // Who the container is told that the client is. One of the host itself is the gateway: neither the container nor its
  // loopback, which servers trust.
  struct Path {
    Endpoint from, to;
  };
  Path PathOf(const Endpoint& client, uint16_t container_port, int type);

  // A non-blocking socket that is connected, or will be. None: errno.
  sys::Fd Connect(const Path& path, int type) const;

  // Beside each UDP socket: the way back to its address.
  Status OpenWayBack(const Path& path);
  void CloseWayBack(const Path& path);

 private:
  ContainerSide(ContainerPlace place, RouteSocket host, RouteSocket inside)
      : place_(place), host_(std::move(host)), inside_(std::move(inside)) {}
  Status ReturnMarked(int family);
  Status ReturnAnswers(const std::vector<PortMapping>& ports, const char* protocol);
  std::optional<Endpoint> OwnAddress6();
  static LocalRoute WayBack(const Path& path);

  ContainerPlace place_;
  RouteSocket host_, inside_;
  std::optional<Endpoint> address6_;
  bool keeps_tcp_clients_ = true;
  std::map<std::string, unsigned> ways_back_;  // by address: how many sockets have it
};

}  // namespace ctool::network
