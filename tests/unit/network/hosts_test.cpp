// SPDX-License-Identifier: Apache-2.0
#include "network/hosts.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ctool::network {
namespace {

std::string Hosts(const HostsInput& input) {
  const Result<std::string> text = MakeHosts(input);
  return text.ok() ? *text : "error: " + text.error().Message();
}

std::string Resolv(const ResolvConfInput& input) {
  const Result<std::string> text = MakeResolvConf(input);
  return text.ok() ? *text : "error: " + text.error().Message();
}

TEST(Hosts, OrderAndTabs) {
  HostsInput input;
  input.add_host = {"a:1.2.3.4", "b;c:::1", "gw:host-gateway"};
  input.base = "127.0.0.1 localhost\n# comment\n192.0.2.7   nas  nas.lan # the disk\n";
  input.internal_ip = "192.0.2.2";
  input.own = {{"10.0.2.100", {"deadbeef0123", "web"}}};
  EXPECT_EQ(Hosts(input),
            "1.2.3.4\ta\n"
            "::1\tb c\n"
            "192.0.2.2\tgw\n"
            "127.0.0.1\tlocalhost\n"
            "192.0.2.7\tnas nas.lan\n"
            "192.0.2.2\thost.containers.internal host.docker.internal\n"
            "10.0.2.100\tdeadbeef0123 web\n");
}

TEST(Hosts, LocalhostIsAddedWhenTheBaseHasNone) {
  EXPECT_EQ(Hosts({}), "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
  HostsInput input;
  input.base = "::1 ip6-loopback\n";
  EXPECT_EQ(Hosts(input), "::1\tip6-loopback\n127.0.0.1\tlocalhost\n::1\tlocalhost\n");
}

TEST(Hosts, EarlierNamesAreNotGivenASecondMeaning) {
  HostsInput input;
  input.add_host = {"web:9.9.9.9", "host.containers.internal:8.8.4.4"};
  input.internal_ip = "192.0.2.2";
  input.own = {{"10.0.2.100", {"web", "web", "other", "other"}}};
  EXPECT_EQ(Hosts(input),
            "9.9.9.9\tweb\n8.8.4.4\thost.containers.internal\n127.0.0.1\tlocalhost\n"
            "::1\tlocalhost\n192.0.2.2\thost.docker.internal\n10.0.2.100\tother\n");
}

TEST(Hosts, AddHostErrors) {
  const auto error = [](const char* text) {
    const auto entry = ParseAddHost(text);
    return entry.ok() ? "" : entry.error().Message();
  };
  EXPECT_EQ(error("a"), "bad format for add-host: \"a\"");
  EXPECT_EQ(error(":1.2.3.4"), "bad format for add-host: \":1.2.3.4\"");
  EXPECT_EQ(error("a;:1.2.3.4"), "hostname in add-host \"a;:1.2.3.4\" is empty");
  EXPECT_EQ(error("a:1.2.3"), "invalid IP address in add-host: \"1.2.3\"");
  EXPECT_EQ(error("a:"), "invalid IP address in add-host: \"\"");
  EXPECT_EQ(error("a:1.2.3.4\n6.6.6.6 b"),
            "invalid IP address in add-host: \"1.2.3.4\\x0a6.6.6.6 b\"");
  EXPECT_EQ(error("a\n6.6.6.6 b:1.2.3.4"), "invalid hostname in add-host: \"a\\x0a6.6.6.6 b\"");
  EXPECT_EQ(error("a b:1.2.3.4"), "invalid hostname in add-host: \"a b\"");
  EXPECT_EQ(error("a#:1.2.3.4"), "invalid hostname in add-host: \"a#\"");
  EXPECT_EQ(error("v6:[fe80::1]"), "");
  HostsInput input;
  input.add_host = {"gw:host-gateway"};
  EXPECT_NE(Hosts(input).find("host containers internal IP address is empty"), std::string::npos);
}

TEST(Hosts, OwnNamesStayOnTheirLine) {
  HostsInput input;
  input.own = {{"10.0.2.100", {"a\nb"}}};
  EXPECT_EQ(Hosts(input), "error: invalid host name: \"a\\x0ab\"");
  input.own = {{"10.0.2.100\n1.1.1.1", {"a"}}};
  EXPECT_EQ(Hosts(input).substr(0, 6), "error:");
}

TEST(Hosts, ForeignBaseIsReadLineByLine) {
  HostsInput input;
  constexpr char kBase[] =
      "1.1.1.1 a\r\n\x01\x02 b\n2.2.2.2\n3.3.3.3 c\x1b[31m d\nnot-an-ip e\n4.4.4.4\tf\0g h\n";
  input.base.assign(kBase, sizeof kBase - 1);
  EXPECT_EQ(Hosts(input),
            "1.1.1.1\ta\n3.3.3.3\td\n4.4.4.4\th\n127.0.0.1\tlocalhost\n::1\tlocalhost\n");
}

TEST(ResolvConf, ForwarderFirstLoopbackDropped) {
  ResolvConfInput input;
  input.host =
      "# made by hand\nsearch corp.example lan\nnameserver 127.0.0.1\nnameserver 192.0.2.53\n"
      "nameserver 2001:db8::53\nnameserver ::1\nnameserver fe80::1%eth0\noptions ndots:2 edns0\n";
  input.forwarders = {"10.0.2.3"};
  EXPECT_EQ(Resolv(input),
            "search corp.example lan\nnameserver 10.0.2.3\nnameserver 192.0.2.53\n"
            "options ndots:2 edns0\n");
  input.ipv6 = true;
  input.host_searches = false;
  EXPECT_EQ(Resolv(input),
            "nameserver 10.0.2.3\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n"
            "options ndots:2 edns0\n");
}

TEST(ResolvConf, NothingLeft) {
  ResolvConfInput input;
  input.host = "nameserver 127.0.0.53\n";
  EXPECT_EQ(Resolv(input), "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
  input.forwarders = {"10.0.2.3"};
  EXPECT_EQ(Resolv(input), "nameserver 10.0.2.3\n");
  EXPECT_EQ(Resolv({}), "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
}

TEST(ResolvConf, HostNetworkKeepsTheHostsServers) {
  ResolvConfInput input;
  input.own_network = false;
  input.host = "nameserver 127.0.0.53\nnameserver ::1\nsearch x\nsearch y z\n";
  EXPECT_EQ(Resolv(input), "search y z\nnameserver 127.0.0.53\nnameserver ::1\n");
  input.host = "";
  EXPECT_EQ(Resolv(input), "");
}

TEST(ResolvConf, OptionsReplace) {
  ResolvConfInput input;
  input.host = "search corp\nnameserver 192.0.2.53\noptions edns0\n";
  input.forwarders = {"10.0.2.3"};
  input.dns = {"1.1.1.1", "2001:db8::1"};
  input.searches = {"."};
  input.options = {"ndots:5", "timeout:1"};
  EXPECT_EQ(Resolv(input),
            "nameserver 1.1.1.1\nnameserver 2001:db8::1\noptions ndots:5 timeout:1\n");
  input.searches = {"a.example", "b_c.example."};
  EXPECT_EQ(Resolv(input).substr(0, 30), "search a.example b_c.example.\n");
}

TEST(ResolvConf, BadOptions) {
  const auto error = [](std::vector<std::string> dns, std::vector<std::string> searches,
                        std::vector<std::string> options) {
    const Status status = CheckDns(dns, searches, options);
    return status.ok() ? "" : status.error().Message();
  };
  EXPECT_EQ(error({"1.2.3"}, {}, {}), "\"1.2.3\" is not an ip address");
  EXPECT_EQ(error({"1.1.1.1\nsearch evil"}, {}, {}),
            "\"1.1.1.1\\x0asearch evil\" is not an ip address");
  EXPECT_EQ(error({}, {"a\nnameserver 6.6.6.6"}, {}),
            "\"a\\x0anameserver 6.6.6.6\" is not a valid domain");
  EXPECT_EQ(error({}, {"a b"}, {}), "\"a b\" is not a valid domain");
  EXPECT_EQ(error({}, {""}, {}), "\"\" is not a valid domain");
  EXPECT_EQ(error({}, {".", "a"}, {}),
            "cannot pass additional search domains when also specifying '.'");
  EXPECT_EQ(error({}, {}, {"ndots:1\nnameserver 6.6.6.6"}),
            "invalid dns option \"ndots:1\\x0anameserver 6.6.6.6\"");
  EXPECT_EQ(error({}, {}, {"a b"}), "invalid dns option \"a b\"");
  EXPECT_EQ(error({"::1"}, {"x-y.z"}, {"use-vc"}), "");
}

TEST(ResolvConf, StubResolversAreLookedBehind) {
  char name[] = "/tmp/ctool-resolv-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string folder = name, etc = folder + "/etc", systemd = folder + "/systemd",
                    manager = folder + "/nm";
  const auto write = [](const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  };
  const auto read = [&] {
    const auto text = ReadHostResolvConf(etc, systemd, manager);
    return text.ok() ? *text : text.error().Message();
  };
  EXPECT_EQ(read(), "") << "no file at all";
  write(etc, "nameserver 127.0.0.53\n");
  EXPECT_EQ(read(), "nameserver 127.0.0.53\n") << "no real one";
  write(systemd, "nameserver 192.0.2.1\n");
  write(manager, "nameserver 192.0.2.2\n");
  EXPECT_EQ(read(), "nameserver 192.0.2.1\n");
  write(etc, "nameserver 127.0.0.1\n");
  EXPECT_EQ(read(), "nameserver 192.0.2.2\n");
  write(etc, "nameserver 127.0.0.53\nnameserver 192.0.2.3\n");
  EXPECT_EQ(read(), "nameserver 127.0.0.53\nnameserver 192.0.2.3\n") << "not the only server";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ctool::network
