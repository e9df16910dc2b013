// SPDX-License-Identifier: Apache-2.0
//
// The few words of rtnetlink(7) that published ports need: rules and local routes, and whether an address is the host's
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "network/endpoint.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

// "What is so goes by the routes of `table`."
struct RouteRule {
  int family = AF_INET;
  uint32_t priority = 0, table = 0;
  uint32_t mark = 0;                       // 0: whatever its mark
  uint8_t protocol = 0;                    // IPPROTO_*; 0: any
  uint16_t first_port = 0, last_port = 0;  // of the sender; 0: any
};

// "Whoever has this address is at home here": packets to it come back by the loopback interface.
struct LocalRoute {
  uint32_t table = 0;
  int family = AF_INET;
  std::optional<Endpoint> to;    // none: every address
  std::optional<Endpoint> from;  // the sender's address where the sender has not chosen one
};

enum class Change { kAdd, kRemove };
std::string RuleMessage(const RouteRule& rule, Change change);
std::string RouteMessage(const LocalRoute& route, Change change, unsigned loopback);
std::string LookUpMessage(const Endpoint& to);

// Whether the answer to LookUpMessage says that the address is one of this host; nothing: it is no route.
std::optional<bool> IsLocalAnswer(std::string_view answer);

// A socket of the network namespace in which it was opened, wherever its holder goes then.
class RouteSocket {
 public:
  static Result<RouteSocket> Open();
  Status Apply(const RouteRule& rule, Change change = Change::kAdd) { return Ask(RuleMessage(rule, change)); }
  // Without the privilege over the namespace: kPermission.
  Status Apply(const LocalRoute& route, Change change = Change::kAdd);
  // Needs no privilege. What can't be found out is taken for one: nobody is to be given an address that may be ours.
  bool IsOwnAddress(const Endpoint& address);

 private:
  explicit RouteSocket(sys::Fd fd) : fd_(std::move(fd)) {}
  Result<std::string> Exchange(std::string message);
  Status Ask(std::string message);
  sys::Fd fd_;
  uint32_t sequence_ = 0;
};

}  // namespace ctool::network
