// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "monitor/sandbox.hpp"
#include "network/slirp4netns.hpp"

namespace ctool::monitor {

// A container's user-mode network: comes up while init mounts, ends with this object.
class Network {
 public:
  static Result<Network> Start(const Sandbox& sandbox, pid_t init);
  // Interface, address and route are there, and every published port is forwarded.
  Status AwaitReady(const Config& config);
  // The container has ended. The kernel needs 20 ms to take the network apart, for which only those wait who
  // published ports: they are free again afterwards.
  void End();

 private:
  Network(network::SlirpProcess slirp, std::vector<std::string> command, pid_t init)
      : slirp_(std::move(slirp)), command_(std::move(command)), init_(init) {}
  network::SlirpProcess slirp_;
  std::vector<std::string> command_;
  pid_t init_;
  bool has_ports_ = false;
};

}  // namespace ctool::monitor
