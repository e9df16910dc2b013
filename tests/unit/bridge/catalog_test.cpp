// SPDX-License-Identifier: Apache-2.0
#include "bridge/catalog.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "bridge/options.hpp"
#include "sys/file.hpp"

namespace ctool::bridge {
namespace {

class Networks : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/networks.XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    catalog_.emplace(folder_ + "/networks");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Create(Definition wanted) {
    const Result<Definition> made = catalog_->Create(std::move(wanted));
    return made.ok() ? made->Print() : made.error().Message();
  }
  static Definition Named(const std::string& name, std::vector<SubnetConfig> subnets = {}) {
    Definition d;
    d.name = name;
    d.subnets = std::move(subnets);
    return d;
  }

  std::string folder_;
  std::optional<Catalog> catalog_;
};

TEST_F(Networks, TheDefaultOneNeedsNoFile) {
  const std::vector<Definition> all = catalog_->List().value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "podman");
  EXPECT_EQ(all[0].id.substr(0, 12), "2f259bab93aa");
  EXPECT_EQ(all[0].subnets[0].subnet, "10.88.0.0/16");
}

TEST_F(Networks, WhatIsMissingIsFilledIn) {
  const Definition made = catalog_->Create({}).value();
  EXPECT_EQ(made.name, "podman1");
  EXPECT_EQ(made.interface, "podman1");
  EXPECT_EQ(made.subnets.size(), 1U);
  EXPECT_FALSE(made.subnets[0].gateway.empty());
  const Definition next = catalog_->Create(Named("a")).value();
  EXPECT_EQ(next.interface, "podman2");
  EXPECT_NE(next.subnets[0].subnet, made.subnets[0].subnet);
}

TEST_F(Networks, PrintAndParseAreInverse) {
  Definition wanted = Named("web", {{"10.1.0.0/24", "10.1.0.9", "10.1.0.16", "10.1.0.31"}});
  wanted.internal = true;
  wanted.dns = false;
  wanted.labels = {{"a", "b"}};
  wanted.options = {{"mtu", "1400"}};
  wanted.dns_servers = {"192.0.2.1"};
  wanted.routes = {{"10.2.0.0/16", "10.1.0.9", 5}};
  const std::string text = Create(wanted);
  EXPECT_EQ(Definition::Parse(text)->Print(), text);
  EXPECT_EQ(catalog_->Find("web")->Print(), text);
}

TEST_F(Networks, RefusesWhatDoesNotFit) {
  ASSERT_TRUE(catalog_->Create(Named("web", {{"10.1.0.0/24", "", "", ""}})).ok());
  EXPECT_EQ(Create(Named("web")), "network name web already used: network already exists");
  EXPECT_EQ(Create(Named("x", {{"10.1.0.0/16", "", "", ""}})), "subnet 10.1.0.0/16 is already used on the host or by another config");
  EXPECT_EQ(Create(Named("x", {{"10.2.0.0/24", "", "", ""}, {"10.2.0.128/25", "", "", ""}})),
            "subnet 10.2.0.128/25 is already used on the host or by another config");
  EXPECT_EQ(Create(Named("x", {{"10.2.0.0/24", "10.3.0.1", "", ""}})), "gateway 10.3.0.1 not in subnet 10.2.0.0/24");
  EXPECT_NE(Create(Named("x", {{"10.2.0.0/32", "", "", ""}})).find("has no room"), std::string::npos);
  for (const char* name : {"../x", "a/b", ".x", "-x", "a b", "none", "container"}) EXPECT_FALSE(catalog_->Create(Named(name)).ok()) << name;
  EXPECT_EQ(catalog_->List()->size(), 2U);
}

TEST_F(Networks, Ipv6BringsTheFamilyThatIsMissing) {
  Definition both = Named("both");
  both.ipv6 = true;
  EXPECT_EQ(catalog_->Create(both)->subnets.size(), 2U);
  Definition six = Named("six", {{"fd00:1::/64", "", "", ""}});
  EXPECT_EQ(catalog_->Create(six)->subnets.size(), 1U);
  EXPECT_TRUE(catalog_->Find("six")->ipv6);
  six = Named("more", {{"fd00:2::/64", "", "", ""}});
  six.ipv6 = true;
  EXPECT_EQ(catalog_->Create(six)->subnets[1].subnet.find(':'), std::string::npos);
}

TEST_F(Networks, FoundByPartsOfTheId) {
  ASSERT_TRUE(catalog_->Create(Named("web")).ok());
  EXPECT_EQ(catalog_->Find(IdOf("web").substr(0, 9))->name, "web");
  EXPECT_EQ(catalog_->Find("nosuch").error().code(), Code::kNotFound);
  EXPECT_EQ(catalog_->Find("").error().code(), Code::kNotFound);
}

TEST_F(Networks, ADamagedFileIsLeftOut) {
  ASSERT_TRUE(catalog_->Create(Named("web")).ok());
  ASSERT_TRUE(sys::WriteFileAtomic(folder_ + "/networks/bad.json", "{\"name\":5", 0600, sys::Durability::kNone).ok());
  EXPECT_EQ(catalog_->List()->size(), 2U);
}

TEST(SetNetworkOption, KnowsPodmansAndDockers) {
  Definition d;
  EXPECT_TRUE(SetNetworkOption("com.docker.network.driver.mtu", "1300", d).ok());
  EXPECT_EQ(d.options["mtu"], "1300");
  EXPECT_TRUE(SetNetworkOption("isolate", "1", d).ok());
  EXPECT_EQ(d.options["isolate"], "true");
  EXPECT_TRUE(SetNetworkOption("isolate", "strict", d).ok());
  EXPECT_FALSE(SetNetworkOption("vlan", "4095", d).ok());
  EXPECT_FALSE(SetNetworkOption("mtu", "-1", d).ok());
}

TEST(SetLeaseRange, AsSubnetOrFromTo) {
  Definition d;
  d.subnets = {{"10.1.0.0/24", "", "", ""}, {"10.2.0.0/24", "", "", ""}};
  ASSERT_TRUE(SetLeaseRange("10.2.0.16/28", d).ok());
  EXPECT_EQ(d.subnets[1].lease_start, "10.2.0.17");
  EXPECT_EQ(d.subnets[1].lease_end, "10.2.0.31");
  ASSERT_TRUE(SetLeaseRange("10.1.0.5-10.1.0.9", d).ok());
  EXPECT_EQ(d.subnets[0].lease_end, "10.1.0.9");
  for (const char* range : {"10.1.0.9-10.1.0.5", "x-y", "10.1.0.5-", "10.1.0.0/99"}) EXPECT_FALSE(SetLeaseRange(range, d).ok()) << range;
}

TEST(ParseRoute, DestinationGatewayMetric) {
  const Route route = ParseRoute("10.2.3.4/16,10.1.0.9,7").value();
  EXPECT_EQ(route.destination, "10.2.0.0/16");
  EXPECT_EQ(route.metric, 7);
  for (const char* text : {"", "10.2.0.0/16", "10.2.0.0/16,fd00::1", "10.2.0.0/16,10.1.0.9,x", "10.2.0.0/16,10.1.0.9,1,2"})
    EXPECT_FALSE(ParseRoute(text).ok()) << text;
}

}  // namespace
}  // namespace ctool::bridge
