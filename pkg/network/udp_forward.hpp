// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "network/container_side.hpp"
#include "network/event_loop.hpp"
#include "network/flow_table.hpp"

namespace ctool::network {

class UdpPort;
class UdpFlow;

// Passes datagrams on to the container, and the answers to the client that asked.
class UdpForward {
 public:
  UdpForward(EventLoop& loop, ContainerSide& container, size_t most_flows);
  ~UdpForward();
  Status Listen(sys::Fd socket, uint16_t container_port);

  // Lets go of what nobody uses. Returns the milliseconds until it is worth another call, -1: there is nothing.
  int Expire();

  // What a port has received: by whom, and at which of our addresses.
  struct Asker {
    sockaddr_storage from{};
    socklen_t from_size = 0;
    in6_pktinfo at6{};
    in_pktinfo at4{};
    bool ipv6_socket = false;
  };

 private:
  friend class UdpPort;
  friend class UdpFlow;
  static constexpr size_t kLargest = 65535;
  void Forward(UdpPort& port, const Asker& asker, size_t size);
  std::shared_ptr<UdpFlow> Open(UdpPort& port, const Asker& asker, const std::string& key);
  void Drop(const std::shared_ptr<UdpFlow>& flow);

  EventLoop& loop_;
  ContainerSide& container_;
  std::vector<std::unique_ptr<UdpPort>> ports_;
  FlowTable<UdpFlow> flows_;
  std::vector<char> datagram_;
};

}  // namespace ctool::network
