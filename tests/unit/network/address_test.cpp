// SPDX-License-Identifier: Apache-2.0
#include "network/address.hpp"

#include <gtest/gtest.h>

namespace ctool::network {
namespace {

TEST(Address, Families) {
  EXPECT_EQ(AddressFamily("192.0.2.1"), Family::kIpv4);
  EXPECT_EQ(AddressFamily("::1"), Family::kIpv6);
  EXPECT_EQ(AddressFamily("::ffff:192.0.2.1"), Family::kIpv6);
  for (const std::string bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4x", "[::1]",
                                "::1%lo", " 1.2.3.4", "1.2.3.4\n", "localhost", "0x7f.0.0.1"})
    EXPECT_FALSE(AddressFamily(bad)) << bad;
  EXPECT_FALSE(AddressFamily(std::string_view("1.2.3.4\0x", 9)));
}

TEST(Address, TextAndNumbers) {
  EXPECT_EQ(CanonicalAddress("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(CanonicalAddress("2001:DB8::1"), "2001:db8::1");
  EXPECT_FALSE(CanonicalAddress("x"));
  EXPECT_EQ(ParseIpv4("10.0.2.3"), 0x0A000203u);
  EXPECT_FALSE(ParseIpv4("::1"));
  EXPECT_EQ(FormatIpv4(0xC0000201u), "192.0.2.1");
  EXPECT_TRUE(IsLoopbackAddress("127.1.2.3"));
  EXPECT_TRUE(IsLoopbackAddress("::1"));
  EXPECT_FALSE(IsLoopbackAddress("128.0.0.1"));
  EXPECT_FALSE(IsLoopbackAddress("::2"));
  EXPECT_FALSE(IsLoopbackAddress("localhost"));
}

TEST(Address, HostAddressIsNoLoopback) {
  const std::string address = HostAddress();
  if (address.empty()) GTEST_SKIP() << "this host has no network";
  EXPECT_EQ(AddressFamily(address), Family::kIpv4);
  EXPECT_FALSE(IsLoopbackAddress(address));
}

}  // namespace
}  // namespace ctool::network
