// SPDX-License-Identifier: Apache-2.0
//
// Published ports of a container with a user-mode network: a process that listens on the host's ports, lives in the
// container's network namespace, and passes on what comes. Why and how: DESIGN.md, "Ports".
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "network/backend.hpp"
#include "network/ports.hpp"

namespace ctool::network {

// Are the ports of a container with this network to be forwarded by us?
bool IsForwardedByUs(const Backend& backend, const std::vector<PortMapping>& ports);

// A forked process becomes one.
class Forwarder {
 public:
  // Listens on the host, as the caller; then enters the user and network namespace of `init` (a pidfd) and gives up all
  // rights but those that it needs there. A port that can't be had is Explain()ed as CheckHostPorts does, as
  // kNotExecutable.
  static Result<Forwarder> Make(const Backend& backend, const std::vector<PortMapping>& ports, int init);
  Forwarder(Forwarder&&) noexcept;
  ~Forwarder();

  // Returns when the other end of `lifeline` is gone. `rest` is called when nothing has happened for a second.
  Status Run(int lifeline, const std::function<void()>& rest);

 private:
  struct Parts;
  explicit Forwarder(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ctool::network
