// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "monitor/port_forwarder.hpp"
#include "network/backend.hpp"
#include "network/ports.hpp"
#include "runtime/launch.hpp"

namespace ctool::monitor {

// A container's user-mode network: comes up while init mounts, ends with this object.
class Network {
 public:
  // `ports` as -p has them.
  static Result<Network> Start(const network::Backend& backend, const runtime::Launch& init, const std::vector<std::string>& ports);
  // Interface, address and route are there, and every published port is forwarded.
  Status AwaitReady();
  // The container has ended, and its ports are free again. The kernel needs 20 ms to take the network apart, for which only
  // those wait whose ports the network's own program listens on.
  void End();

 private:
  Network(network::BackendProcess process, network::Backend backend, pid_t init, std::vector<network::PortMapping> ports)
      : process_(std::move(process)), backend_(std::move(backend)), init_(init), ports_(std::move(ports)) {}
  network::BackendProcess process_;
  network::Backend backend_;
  pid_t init_;
  std::vector<network::PortMapping> ports_;
  std::optional<PortForwarder> forwarder_;
};

}  // namespace ctool::monitor
