// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "network/slirp4netns.hpp"

namespace ctool::monitor {

// A container's user-mode network: comes up while init mounts, ends with this object.
class Network {
 public:
  static Result<Network> Start(const Config& config, pid_t init);
  // Interface, address and route are there, and every published port is forwarded.
  Status AwaitReady();

 private:
  Network(network::SlirpProcess slirp, const Config& config, pid_t init)
      : slirp_(std::move(slirp)), config_(&config), init_(init) {}
  network::SlirpProcess slirp_;
  const Config* config_;
  pid_t init_;
};

}  // namespace ctool::monitor
