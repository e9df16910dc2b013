// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "network/backend.hpp"
#include "network/ports.hpp"
#include "runtime/frame.hpp"
#include "sys/child.hpp"

namespace ctool::monitor {

// The process that forwards a container's published ports (network/forwarder.hpp): a fork of the monitor, which ends
// with it or with this object, and the ports with the process.
class PortForwarder {
 public:
  // `init`: a pidfd. Returns at once.
  static Result<PortForwarder> Start(const network::Backend& backend, const std::vector<network::PortMapping>& ports,
                                     int init);
  // It listens at all ports and is in the container's network namespace.
  Status AwaitReady();

 private:
  PortForwarder(sys::Child child, runtime::SyncSocket socket) : child_(std::move(child)), socket_(std::move(socket)) {}
  sys::Child child_;
  runtime::SyncSocket socket_;  // its end is the forwarder's
};

}  // namespace ctool::monitor
