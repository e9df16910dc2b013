// SPDX-License-Identifier: Apache-2.0
//
// What a build can't do from inside the store's user namespace, and asks of a process outside: to fetch an image, and to run a
// step, which is a container like those of `run`.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/options.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/step.hpp"
#include "spec/image.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"
#include "sys/lock.hpp"

namespace ctool::builder {

// A RUN, as it is sent.
struct RunRequest {
  std::string id;                     // of the folder containers/ID
  std::vector<std::string> argv, env; // env: "K=V"
  std::string user, working_dir, network;  // network: empty is the build's own
  std::vector<std::string> layers;    // folders, top first
  std::vector<engine::ContainerMount> mounts;
};

// The outside: a process of its own that forks a child a request.
class Host {
 public:
  // Before any thread or database is there. It ends with its last client, or with us.
  static Result<Host> Start(const engine::GlobalOptions& store, const BuildOptions& options);
  const sys::Fd& socket() const { return socket_; }

 private:
  Host(sys::Child child, sys::Fd socket) : child_(std::move(child)), socket_(std::move(socket)) {}
  sys::Child child_;
  sys::Fd socket_;
};

// The inside. Thread safe: each request has a socket of its own.
class HostClient {
 public:
  // `stopped`: cancels what waits.
  HostClient(const sys::Fd& socket, const std::atomic<bool>& stopped) : socket_(socket.get()), stopped_(stopped) {}

  // Ensures the image by the build's pull policy and returns its id. `platform`: empty is the build's.
  Result<std::string> EnsureImage(const std::string& name, const std::string& platform) const;
  // How it has ended. What it writes goes to `out` and `err`; the lock is that of containers/ID.
  Result<engine::StepEnd> Run(const RunRequest& request, const sys::FileLock& lock, int out, int err, const std::function<void()>& on_started) const;

 private:
  Result<std::string> Await(const sys::Fd& reply, const std::function<void()>& on_started) const;
  const int socket_;
  const std::atomic<bool>& stopped_;
};

}  // namespace ctool::builder
