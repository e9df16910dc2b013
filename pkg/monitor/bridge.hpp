// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "monitor/sandbox.hpp"
#include "network/netavark.hpp"
#include "network/shared.hpp"

namespace ctool::monitor {

// A container's part in bridge networks: its interfaces, names and published ports.
class Bridge {
 public:
  // `origin`: the first process of the shared namespaces (a pidfd), which owns those of `init`.
  static Result<Bridge> Start(const Sandbox& sandbox, int origin, pid_t init);
  Status AwaitReady(const Config& config);
  // The container has ended: its ports are free when this returns.
  void ClosePorts();
  // Its interfaces, names and addresses; before a restart the addresses stay its own. It takes netavark a tenth of a
  // second, for which nobody should have to wait.
  enum class Leases { kKeep, kGiveBack };
  void End(Leases leases = Leases::kGiveBack);

  Bridge(Bridge&&) noexcept = default;
  Bridge& operator=(Bridge&&) noexcept = default;  // over one that has ended
  ~Bridge();  // ends it: after a start that failed

 private:
  Bridge(const Sandbox& sandbox, int origin) : sandbox_(&sandbox), origin_(origin), folder_{sandbox.shared_dir} {}
  const Sandbox* sandbox_;
  int origin_;
  network::SharedFolder folder_;
  sys::Fd netns_, alive_;
  std::optional<network::NetavarkCall> setup_;
  std::vector<int64_t> forwards_;
  std::string forwards_file_;
};

}  // namespace ctool::monitor
