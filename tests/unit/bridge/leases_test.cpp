// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "bridge/attachment.hpp"
#include "sys/file.hpp"

namespace ctool::bridge {
namespace {

class Leases : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/leases.XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    network_.name = "web";
    network_.subnets = {{"10.1.2.0/29", "10.1.2.1", "", ""}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Address, or what is wrong.
  std::string Take(const std::string& container, const std::string& ip = "", bool others_live = true) {
    Attachment wanted;
    wanted.ip = ip;
    const auto taken = TakeAddresses(folder_ + "/web", container, network_, wanted, [&](const std::string&) { return others_live; }, files_);
    if (!taken.ok()) return taken.error().Message();
    std::string text;
    for (const std::string& address : *taken) text += (text.empty() ? "" : " ") + address;
    return text;
  }
  void GiveBack(const std::string& address) { ::unlink((folder_ + "/web/" + address).c_str()); }
  void Age(const std::string& address) {
    const timespec times[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ + "/web/" + address).c_str(), times, 0), 0);
  }

  std::string folder_;
  Definition network_;
  std::vector<std::string> files_;
};

TEST_F(Leases, GoRoundInTheSubnetAndEnd) {
  for (const char* address : {"10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"}) EXPECT_EQ(Take(address), address);
  EXPECT_EQ(Take("one more"), "network web: no free address is left");
  GiveBack("10.1.2.3");
  EXPECT_EQ(Take("another"), "10.1.2.3");
}

TEST_F(Leases, AnAddressThatHasJustBecomeFreeIsNotTheNext) {
  EXPECT_EQ(Take("a"), "10.1.2.2");
  GiveBack("10.1.2.2");
  EXPECT_EQ(Take("b"), "10.1.2.3");
}

TEST_F(Leases, StaticOnes) {
  EXPECT_EQ(Take("a", "10.1.2.5"), "10.1.2.5");
  EXPECT_EQ(Take("a", "10.1.2.5"), "10.1.2.5");  // its own from before
  EXPECT_EQ(Take("b", "10.1.2.5"), "requested ip address 10.1.2.5 is already allocated");
  EXPECT_EQ(Take("b", "10.1.2.1"), "requested ip address 10.1.2.1 is already allocated");
  EXPECT_EQ(Take("b", "10.9.9.9"), "requested static ip 10.9.9.9 not in any subnet on network web");
}

TEST_F(Leases, OfTheDeadAreTaken) {
  EXPECT_EQ(Take("a", "10.1.2.5"), "10.1.2.5");
  // Too young to tell: its container may be in the making.
  EXPECT_EQ(Take("b", "10.1.2.5", false), "requested ip address 10.1.2.5 is already allocated");
  Age("10.1.2.5");
  EXPECT_EQ(Take("b", "10.1.2.5", true), "requested ip address 10.1.2.5 is already allocated");
  EXPECT_EQ(Take("b", "10.1.2.5", false), "10.1.2.5");
  EXPECT_EQ(sys::ReadFile(folder_ + "/web/10.1.2.5").value(), "b");
}

TEST_F(Leases, RangesEndBeforeTheBroadcastAddress) {
  network_.subnets[0].lease_start = "10.1.2.5";
  network_.subnets[0].lease_end = "10.1.2.7";
  EXPECT_EQ(Take("a"), "10.1.2.5");
  EXPECT_EQ(Take("b"), "10.1.2.6");
  EXPECT_EQ(Take("c"), "network web: no free address is left");
}

TEST_F(Leases, OneOfEachSubnet) {
  network_.subnets.push_back({"fd00:1::/64", "fd00:1::1", "", ""});
  EXPECT_EQ(Take("a"), "10.1.2.2 fd00:1::2");
  EXPECT_EQ(files_.size(), 2U);
}

}  // namespace
}  // namespace ctool::bridge
