// SPDX-License-Identifier: Apache-2.0
#include "network/rtnetlink.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>

namespace ctool::network {
namespace {

// A message in the making: the header's length is put in last.
class Message {
 public:
  template <class Body>
  Message(uint16_t type, uint16_t flags, const Body& body) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = flags;
    Append(&header, sizeof header);
    Append(&body, sizeof body);
  }
  void Add(uint16_t type, const void* data, size_t size) {
    rtattr attribute{};
    attribute.rta_type = type;
    attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
    Append(&attribute, sizeof attribute);
    Append(data, size);
  }
  template <class Value>
  void Add(uint16_t type, const Value& value) {
    Add(type, &value, sizeof value);
  }
  void Add(uint16_t type, const Endpoint& address) { Add(type, address.bytes(), address.size()); }

  std::string Take() && {
    const auto length = static_cast<uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &length, sizeof length);  // nlmsg_len
    return std::move(bytes_);
  }

 private:
  void Append(const void* data, size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()), '\0');
  }
  std::string bytes_;
};

uint16_t Flags(Change change) { return NLM_F_REQUEST | NLM_F_ACK | (change == Change::kAdd ? NLM_F_CREATE : 0); }

template <class Value>
std::optional<Value> At(std::string_view bytes, size_t offset) {
  if (bytes.size() < offset + sizeof(Value)) return std::nullopt;
  Value value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

std::string RuleMessage(const RouteRule& rule, Change change) {
  fib_rule_hdr body{};
  body.family = static_cast<uint8_t>(rule.family);
  body.action = FR_ACT_TO_TBL;
  Message message(change == Change::kAdd ? RTM_NEWRULE : RTM_DELRULE, Flags(change), body);
  message.Add(FRA_PRIORITY, rule.priority);
  message.Add(FRA_TABLE, rule.table);
  if (rule.mark != 0) message.Add(FRA_FWMARK, rule.mark);
  if (rule.protocol != 0) message.Add(FRA_IP_PROTO, rule.protocol);
  if (rule.first_port != 0) message.Add(FRA_SPORT_RANGE, fib_rule_port_range{rule.first_port, rule.last_port});
  return std::move(message).Take();
}

std::string RouteMessage(const LocalRoute& route, Change change, unsigned loopback) {
  rtmsg body{};
  body.rtm_family = static_cast<uint8_t>(route.family);
  body.rtm_dst_len = route.to ? static_cast<uint8_t>(route.to->size() * 8) : 0;
  body.rtm_protocol = RTPROT_STATIC;
  body.rtm_scope = RT_SCOPE_HOST;
  body.rtm_type = RTN_LOCAL;
  Message message(change == Change::kAdd ? RTM_NEWROUTE : RTM_DELROUTE, Flags(change), body);
  message.Add(RTA_TABLE, route.table);
  message.Add(RTA_OIF, loopback);
  if (route.to) message.Add(RTA_DST, *route.to);
  if (route.from) message.Add(RTA_PREFSRC, *route.from);
  return std::move(message).Take();
}

std::string LookUpMessage(const Endpoint& to) {
  rtmsg body{};
  body.rtm_family = static_cast<uint8_t>(to.family());
  body.rtm_dst_len = static_cast<uint8_t>(to.size() * 8);
  Message message(RTM_GETROUTE, NLM_F_REQUEST, body);
  message.Add(RTA_DST, to);
  return std::move(message).Take();
}

std::optional<bool> IsLocalAnswer(std::string_view answer) {
  const auto header = At<nlmsghdr>(answer, 0);
  const auto route = At<rtmsg>(answer, NLMSG_HDRLEN);
  if (!header || !route || header->nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  return route->rtm_type == RTN_LOCAL;
}

Result<RouteSocket> RouteSocket::Open() {
  sys::Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return Error::Sys(errno, "open a routing socket");
  return RouteSocket(std::move(fd));
}

// The kernel answers within the send; a reply that is of an earlier question is passed over.
Result<std::string> RouteSocket::Exchange(std::string message) {
  ++sequence_;
  std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence_, sizeof sequence_);
  if (::send(fd_.get(), message.data(), message.size(), 0) < 0)
    return Error::Sys(errno, "send to the kernel's routing");
  std::array<char, 8192> reply;
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), reply.data(), reply.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "receive from the kernel's routing");
    const std::string_view got(reply.data(), static_cast<size_t>(n));
    const auto header = At<nlmsghdr>(got, 0);
    if (header && header->nlmsg_seq == sequence_) return std::string(got);
  }
}

Status RouteSocket::Ask(std::string message) {
  const Result<std::string> reply = Exchange(std::move(message));
  if (!reply.ok()) return reply.error();
  const auto header = At<nlmsghdr>(*reply, 0);
  const auto error = At<int>(*reply, NLMSG_HDRLEN);
  if (!header || header->nlmsg_type != NLMSG_ERROR || !error)
    return Error(Code::kInternal, "the kernel's routing gave no answer");
  if (*error != 0) return Error::Sys(-*error, "change the network namespace's routing");
  return Ok();
}

Status RouteSocket::Apply(const LocalRoute& route, Change change) {
  constexpr unsigned kLoopback = 1;  // the first interface of every network namespace (LOOPBACK_IFINDEX)
  return Ask(RouteMessage(route, change, kLoopback));
}

bool RouteSocket::IsOwnAddress(const Endpoint& address) {
  const Result<std::string> reply = Exchange(LookUpMessage(address));
  return !reply.ok() || IsLocalAnswer(*reply).value_or(true);
}

}  // namespace ctool::network
