// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "monitor/sandbox.hpp"
#include "runtime/frame.hpp"
#include "sys/child.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

// A ctool-monitor that makes a sandbox and waits for its container. Destroyed before it has one, it ends, and the
// sandbox with it.
class MonitorProcess {
 public:
  // Returns while the monitor starts up. `files`: the descriptors that the sandbox announces.
  static Result<MonitorProcess> Start(Engine& engine, const monitor::Sandbox& sandbox, const std::vector<int>& files);

  MonitorProcess(MonitorProcess&&) = default;
  MonitorProcess& operator=(MonitorProcess&&) = delete;
  ~MonitorProcess();

  // Gives it the container. The monitor holds `lock`, the container's, from now on; the returned socket is its only
  // tie to us.
  Result<runtime::SyncSocket> Supervise(const std::string& bundle, const sys::FileLock& lock) &&;

 private:
  MonitorProcess(sys::Child child, runtime::SyncSocket socket) : child_(std::move(child)), socket_(std::move(socket)) {}

  sys::Child child_;
  runtime::SyncSocket socket_;
};

// `ctool-monitor network`, which keeps the namespaces of the bridge networks (monitor/shared_network.hpp).
Result<runtime::SyncSocket> StartKeeper(Engine& engine);

// A process that serves one order to execute something in a container (monitor/session.hpp), and outlives us.
Result<runtime::SyncSocket> StartSession(Engine& engine);

}  // namespace ctool::engine
