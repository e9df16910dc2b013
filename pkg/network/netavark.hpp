// SPDX-License-Identifier: Apache-2.0
//
// netavark(1) connects a container's network namespace to bridges: it makes the bridge, the pair of interfaces,
// addresses, routes and the firewall, and tells aardvark-dns the names.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

struct NetavarkOrder {
  std::string program, aardvark;  // paths; without aardvark-dns there are no names
  std::string request;            // its JSON: pkg/bridge makes it
  std::vector<std::string> bridges;  // their interfaces' names
  std::string lock;               // SharedFolder::NetavarkLock: one call at a time
};

// One call of netavark at work, in the shared namespaces (see shared.hpp).
class NetavarkCall {
 public:
  enum class Verb { kSetup, kTeardown };
  // `shared`: the pidfd of JoinShared. `netns`: the container's network namespace; -1: it is gone, what is left of it
  // in the shared one is taken away (netavark then complains of the interface that it does not find).
  static Result<NetavarkCall> Start(const NetavarkOrder& order, Verb verb, int shared, int netns);
  // What it printed: for each network its interfaces and addresses, as JSON. Its own words are the error.
  Result<std::string> Finish();

 private:
  NetavarkCall(sys::Child child, sys::Fd out, sys::Fd err) : child_(std::move(child)), out_(std::move(out)), err_(std::move(err)) {}
  sys::Child child_;
  sys::Fd out_, err_;
};

}  // namespace ctool::network
