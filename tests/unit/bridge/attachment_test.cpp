// SPDX-License-Identifier: Apache-2.0
#include "bridge/attachment.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ctool::bridge {
namespace {

TEST(ParseAttachment, TakesEveryOption) {
  const Attachment a = ParseAttachment("net:ip=10.1.2.3,ip6=fd00::5,mac=aa:bb:cc:dd:ee:ff,alias=a,alias=b.c,interface_name=lan0").value();
  EXPECT_EQ(a.network, "net");
  EXPECT_EQ(a.ip, "10.1.2.3");
  EXPECT_EQ(a.ip6, "fd00::5");
  EXPECT_EQ(a.mac, "aa:bb:cc:dd:ee:ff");
  EXPECT_EQ(a.aliases, (std::vector<std::string>{"a", "b.c"}));
  EXPECT_EQ(a.interface, "lan0");
  EXPECT_EQ(ParseAttachment("net")->network, "net");
}

TEST(ParseAttachment, AnIpv6AddressIsOneByEitherName) { EXPECT_EQ(ParseAttachment("net:ip=fd00::5")->ip6, "fd00::5"); }

// What netavark and aardvark-dns keep in files of lines and words must stay one.
TEST(ParseAttachment, RefusesWhatWouldNotStayAWord) {
  for (const char* text : {"net:foo=1", "net:ip", "net:ip=x", "net:mac=aa:bb", "net:mac=aa:bb:cc:dd:ee:fg", "net:alias=", "net:alias=a b",
                           "net:alias=a\nb", "net:interface_name=", "net:interface_name=a/b", "net:interface_name=0123456789abcdef", "net:"})
    EXPECT_FALSE(ParseAttachment(text).ok()) << text;
  EXPECT_EQ(ParseAttachment("net:foo=1").error().Message(), "invalid option for network net: unknown bridge network option: foo");
}

TEST(NameInterfaces, FillsTheGaps) {
  std::vector<Attachment> all(3);
  all[1].interface = "eth0";
  ASSERT_TRUE(NameInterfaces(all).ok());
  EXPECT_EQ(all[0].interface, "eth1");
  EXPECT_EQ(all[2].interface, "eth2");
  all.push_back({"x", "eth2", {}, "", "", ""});
  EXPECT_FALSE(NameInterfaces(all).ok());
}

TEST(NetavarkRequestTest, HasNetworksAndTheirDefinitions) {
  Definition network = DefaultNetwork();
  network.name = "web";
  network.dns = true;
  network.options["mtu"] = "1400";
  Attachment place;
  place.interface = "eth0";
  place.aliases = {"www"};
  place.mac = "aa:bb:cc:dd:ee:ff";
  const std::string id(64, 'a');
  const auto json = nlohmann::json::parse(NetavarkRequest(id, "c", {{network, place, {"10.88.0.9"}}}));
  EXPECT_EQ(json["container_id"], id);
  EXPECT_EQ(json["container_name"], "c");
  EXPECT_EQ(json["networks"]["web"]["interface_name"], "eth0");
  EXPECT_EQ(json["networks"]["web"]["static_ips"], nlohmann::json({"10.88.0.9"}));
  EXPECT_EQ(json["networks"]["web"]["static_mac"], "aa:bb:cc:dd:ee:ff");
  EXPECT_EQ(json["networks"]["web"]["aliases"], nlohmann::json({"www", "aaaaaaaaaaaa"}));
  EXPECT_EQ(json["network_info"]["web"]["options"]["mtu"], "1400");
  EXPECT_EQ(json["network_info"]["web"]["options"]["isolate"], "true");
}

TEST(NetavarkRequestTest, WallsAreTheMakersToTakeDown) {
  Definition network = DefaultNetwork();
  network.options["isolate"] = "false";
  const auto json = nlohmann::json::parse(NetavarkRequest(std::string(64, 'a'), "c", {{network, {}, {}}}));
  EXPECT_EQ(json["network_info"]["podman"]["options"]["isolate"], "false");
  // netavark refuses names where there are none.
  EXPECT_FALSE(json["networks"]["podman"].contains("aliases"));
}

}  // namespace
}  // namespace ctool::bridge
