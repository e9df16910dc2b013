// SPDX-License-Identifier: Apache-2.0
#include "bridge/subnet.hpp"

#include <gtest/gtest.h>

namespace ctool::bridge {
namespace {

Subnet Of(const char* text) { return Subnet::Parse(text).value(); }

TEST(Address, ParsesAndPrintsBothFamilies) {
  for (const char* text : {"10.89.0.1", "0.0.0.0", "255.255.255.255", "fd00::1", "::", "fd00:1:2:3:4:5:6:7"})
    EXPECT_EQ(Address::Parse(text)->Print(), text);
  EXPECT_EQ(Address::Parse("FD00:0:0::1")->Print(), "fd00::1");
  for (const char* text : {"", "10.89.0", "10.89.0.256", "10.89.0.1 ", "fd00::1%eth0", "x"}) EXPECT_FALSE(Address::Parse(text)) << text;
}

TEST(Subnet, ClearsHostBits) {
  EXPECT_EQ(Of("10.89.0.77/24").Print(), "10.89.0.0/24");
  EXPECT_EQ(Of("fd00:1::9/64").Print(), "fd00:1::/64");
  EXPECT_EQ(Of("1.2.3.4/0").Print(), "0.0.0.0/0");
}

TEST(Subnet, RefusesWhatIsNone) {
  for (const char* text : {"10.89.0.0", "10.89.0.0/33", "10.89.0.0/-1", "fd00::/129", "/24", "10.89.0.0/", "a/24"}) {
    const Result<Subnet> subnet = Subnet::Parse(text);
    ASSERT_FALSE(subnet.ok()) << text;
    EXPECT_EQ(subnet.error().Message(), std::string("invalid CIDR address: ") + text);
  }
}

TEST(Subnet, FirstAndLastAreWhatInterfacesCanHave) {
  EXPECT_EQ(Of("10.89.0.0/24").First().Print(), "10.89.0.1");
  EXPECT_EQ(Of("10.89.0.0/24").Last().Print(), "10.89.0.254");
  EXPECT_EQ(Of("10.89.0.0/31").Last().Print(), "10.89.0.1");
  EXPECT_EQ(Of("10.89.0.7/32").First().Print(), "10.89.0.7");
  EXPECT_EQ(Of("fd00::/120").Last().Print(), "fd00::ff");
  EXPECT_EQ(Of("::/0").Last().Print(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(Subnet, ContainsAndOverlaps) {
  EXPECT_TRUE(Of("10.89.0.0/24").Contains(*Address::Parse("10.89.0.255")));
  EXPECT_FALSE(Of("10.89.0.0/24").Contains(*Address::Parse("10.89.1.0")));
  EXPECT_FALSE(Of("0.0.0.0/0").Contains(*Address::Parse("::1")));
  EXPECT_TRUE(Of("10.0.0.0/8").Overlaps(Of("10.89.0.0/24")));
  EXPECT_TRUE(Of("10.89.0.0/24").Overlaps(Of("10.0.0.0/8")));
  EXPECT_FALSE(Of("10.89.0.0/24").Overlaps(Of("10.89.1.0/24")));
  EXPECT_FALSE(Of("::/0").Overlaps(Of("0.0.0.0/0")));
}

TEST(ParseRoutes, TakesWhatIsInTheWay) {
  const std::vector<Subnet> routes = ParseRoutes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t0000590A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
      "torn\t00\n",
      "fd000001000000000000000000000000 40 00000000000000000000000000000000 00 0 0 1 0 0 1 eth0\n"
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 0 0 1 0 0 1 eth0\n"
      "ff000000000000000000000000000000 08 0 0\n");
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].Print(), "10.89.0.0/16");
  EXPECT_EQ(routes[1].Print(), "fd00:1::/64");
}

TEST(FreeSubnets, KeepOutOfWhatIsTaken) {
  EXPECT_EQ(FreeIpv4({})->Print(), "10.89.0.0/24");
  EXPECT_EQ(FreeIpv4({Of("10.89.0.0/24"), Of("10.89.1.128/25")})->Print(), "10.89.2.0/24");
  EXPECT_EQ(FreeIpv4({Of("10.89.0.0/16")})->Print(), "10.90.0.0/24");
  EXPECT_EQ(FreeIpv4({Of("10.0.0.0/8")}).error().Message(), "could not find free subnet from subnet pools");
  const std::string v6 = FreeIpv6({})->Print();
  EXPECT_EQ(v6.substr(0, 2), "fd");
  EXPECT_EQ(v6.substr(v6.size() - 5), "::/64");
  EXPECT_FALSE(FreeIpv6({Of("fd00::/8")}).ok());
}

}  // namespace
}  // namespace ctool::bridge
