// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <map>

#include "network/container_side.hpp"
#include "network/endpoint.hpp"
#include "network/flow_table.hpp"
#include "network/rtnetlink.hpp"

namespace ctool::network {
namespace {

// The attributes behind a message's fixed part, after a look at its length.
template <class Body>
std::map<unsigned, std::string> Attributes(const std::string& message, nlmsghdr& header, Body& body) {
  std::memcpy(&header, message.data(), sizeof header);
  std::memcpy(&body, message.data() + NLMSG_HDRLEN, sizeof body);
  EXPECT_EQ(header.nlmsg_len, message.size());
  std::map<unsigned, std::string> found;
  for (size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof body); at + sizeof(rtattr) <= message.size();) {
    rtattr attribute;
    std::memcpy(&attribute, message.data() + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute) break;
    found[attribute.rta_type] = message.substr(at + sizeof attribute, attribute.rta_len - sizeof attribute);
    at += RTA_ALIGN(attribute.rta_len);
  }
  return found;
}

template <class Value>
std::string Bytes(Value value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

TEST(Endpoint, KeepsIpv4InIpv6) {
  const auto four = Endpoint::Parse("192.0.2.1", 80);
  ASSERT_TRUE(four);
  EXPECT_TRUE(four->ipv4());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(four->bytes()), four->size()), std::string("\xC0\0\2\1", 4));
  sockaddr_storage address;
  ASSERT_EQ(four->Fill(address), sizeof(sockaddr_in));
  EXPECT_EQ(Endpoint::From(address), *four);
  // The same client, by a socket for both families.
  const auto mapped = Endpoint::Parse("::ffff:192.0.2.1", 80);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(*mapped, *four);
  const auto six = Endpoint::Parse("2001:db8::1", 81);
  ASSERT_TRUE(six);
  EXPECT_FALSE(six->ipv4());
  ASSERT_EQ(six->Fill(address), sizeof(sockaddr_in6));
  EXPECT_EQ(Endpoint::From(address), *six);
  EXPECT_FALSE(six->SameAddress(*four));
  EXPECT_FALSE(Endpoint::Parse("1.2.3"));
  EXPECT_FALSE(Endpoint::Parse(""));
}

TEST(Rtnetlink, RuleOfAMark) {
  RouteRule rule;
  rule.priority = 100;
  rule.table = 0x63740001;
  rule.mark = 0x1234;
  nlmsghdr header;
  fib_rule_hdr body;
  const auto found = Attributes(RuleMessage(rule, Change::kAdd), header, body);
  EXPECT_EQ(header.nlmsg_type, RTM_NEWRULE);
  EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
  EXPECT_EQ(body.family, AF_INET);
  EXPECT_EQ(body.action, FR_ACT_TO_TBL);
  EXPECT_EQ(found, (std::map<unsigned, std::string>{
                       {FRA_PRIORITY, Bytes(100U)}, {FRA_TABLE, Bytes(0x63740001U)}, {FRA_FWMARK, Bytes(0x1234U)}}));
}

TEST(Rtnetlink, RuleOfPorts) {
  RouteRule rule;
  rule.family = AF_INET6;
  rule.table = 7;
  rule.protocol = IPPROTO_UDP;
  rule.first_port = 5000;
  rule.last_port = 5009;
  nlmsghdr header;
  fib_rule_hdr body;
  const auto found = Attributes(RuleMessage(rule, Change::kRemove), header, body);
  EXPECT_EQ(header.nlmsg_type, RTM_DELRULE);
  EXPECT_EQ(body.family, AF_INET6);
  EXPECT_EQ(found.at(FRA_IP_PROTO), Bytes<uint8_t>(IPPROTO_UDP));
  EXPECT_EQ(found.at(FRA_SPORT_RANGE), Bytes(fib_rule_port_range{5000, 5009}));
  EXPECT_EQ(found.count(FRA_FWMARK), 0U);
}

TEST(Rtnetlink, LocalRoutes) {
  nlmsghdr header;
  rtmsg body;
  auto found = Attributes(RouteMessage({9, AF_INET, std::nullopt, std::nullopt}, Change::kAdd, 1), header, body);
  EXPECT_EQ(header.nlmsg_type, RTM_NEWROUTE);
  EXPECT_EQ(body.rtm_type, RTN_LOCAL);
  EXPECT_EQ(body.rtm_scope, RT_SCOPE_HOST);
  EXPECT_EQ(body.rtm_dst_len, 0);
  EXPECT_EQ(found, (std::map<unsigned, std::string>{{RTA_TABLE, Bytes(9U)}, {RTA_OIF, Bytes(1U)}}));
  found = Attributes(
      RouteMessage({9, AF_INET, Endpoint::Parse("192.0.2.7"), Endpoint::Parse("10.0.2.100")}, Change::kRemove, 1),
      header, body);
  EXPECT_EQ(header.nlmsg_type, RTM_DELROUTE);
  EXPECT_EQ(body.rtm_dst_len, 32);
  EXPECT_EQ(found.at(RTA_DST), std::string("\xC0\0\2\7", 4));
  EXPECT_EQ(found.at(RTA_PREFSRC), std::string("\x0A\0\2\x64", 4));
  found = Attributes(RouteMessage({9, AF_INET6, Endpoint::Parse("2001:db8::1"), std::nullopt}, Change::kAdd, 1), header,
                     body);
  EXPECT_EQ(body.rtm_family, AF_INET6);
  EXPECT_EQ(body.rtm_dst_len, 128);
  EXPECT_EQ(found.at(RTA_DST).size(), 16U);
}

TEST(Rtnetlink, AnswersThatAreNone) {
  EXPECT_EQ(IsLocalAnswer(""), std::nullopt);
  const std::string question = LookUpMessage(*Endpoint::Parse("192.0.2.1"));
  EXPECT_EQ(IsLocalAnswer(question), std::nullopt);  // RTM_GETROUTE
  nlmsghdr header{};
  header.nlmsg_type = RTM_NEWROUTE;
  rtmsg body{};
  body.rtm_type = RTN_LOCAL;
  EXPECT_EQ(IsLocalAnswer(Bytes(header) + Bytes(body)), true);
  EXPECT_EQ(IsLocalAnswer((Bytes(header) + Bytes(body)).substr(0, NLMSG_HDRLEN + 4)), std::nullopt);
  body.rtm_type = RTN_UNICAST;
  EXPECT_EQ(IsLocalAnswer(Bytes(header) + Bytes(body)), false);
}

TEST(Rtnetlink, KnowsTheHostsOwnAddresses) {
  Result<RouteSocket> routes = RouteSocket::Open();
  ASSERT_TRUE(routes.ok());
  EXPECT_TRUE(routes->IsOwnAddress(*Endpoint::Parse("127.0.0.1")));
  EXPECT_TRUE(routes->IsOwnAddress(*Endpoint::Parse("127.9.9.9")));
  EXPECT_TRUE(routes->IsOwnAddress(*Endpoint::Parse("::1")));
}

TEST(ContainerSide, FindsTheAddressThatTheRouterGave) {
  const std::string text =
      "00000000000000000000000000000001 01 80 10 80       lo\n"
      "fe80000000000000d4b3a1fffe0c1d2e 02 40 20 80     tap0\n"
      "fd00000000000000d4b3a1fffe0c1d2e 02 40 00 00     tap0\n";
  const auto found = ParseOwnAddress6(text, "tap0");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, *Endpoint::Parse("fd00::d4b3:a1ff:fe0c:1d2e"));
  EXPECT_FALSE(ParseOwnAddress6(text, "eth0"));
  EXPECT_FALSE(ParseOwnAddress6("fd00000000000000d4b3a1fffe0c1d2e 02 40 00 40 tap0\n", "tap0")) << "tentative";
  EXPECT_FALSE(ParseOwnAddress6("fd00 02 40 00 00 tap0\nnonsense\n\n", "tap0"));
}

struct Flow {
  explicit Flow(int n) : number(n) {}
  int number;
};

TEST(FlowTable, TheSilentMakeRoom) {
  FlowTable<Flow> flows(2, 100);
  EXPECT_EQ(flows.Insert("a", std::make_shared<Flow>(1), 0), nullptr);
  EXPECT_EQ(flows.Insert("b", std::make_shared<Flow>(2), 10), nullptr);
  ASSERT_NE(flows.Find("a", 20), nullptr);  // b is the older now
  const auto gone = flows.Insert("c", std::make_shared<Flow>(3), 30);
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(gone->number, 2);
  EXPECT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows.Find("b", 30), nullptr);
  EXPECT_EQ(flows.Find("c", 30)->number, 3);
}

TEST(FlowTable, EndsWhatIsIdle) {
  FlowTable<Flow> flows(9, 100);
  EXPECT_EQ(flows.NanosUntilIdle(0), -1);
  flows.Insert("a", std::make_shared<Flow>(1), 0);
  flows.Insert("b", std::make_shared<Flow>(2), 50);
  EXPECT_EQ(flows.NanosUntilIdle(60), 40);
  EXPECT_EQ(flows.TakeIdle(99), nullptr);
  EXPECT_EQ(flows.TakeIdle(100)->number, 1);
  EXPECT_EQ(flows.TakeIdle(100), nullptr);
  flows.Find("b", 120);
  EXPECT_EQ(flows.TakeIdle(199), nullptr);
  EXPECT_EQ(flows.NanosUntilIdle(300), 0);
  EXPECT_EQ(flows.TakeIdle(300)->number, 2);
  EXPECT_EQ(flows.size(), 0U);
}

}  // namespace
}  // namespace ctool::network
