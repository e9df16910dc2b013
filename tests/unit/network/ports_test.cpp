// SPDX-License-Identifier: Apache-2.0
#include "network/ports.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/fd.hpp"

namespace ctool::network {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto mapping = ParsePortMapping(text);
  return mapping.ok() ? "" : mapping.error().Message();
}

std::string Column(const std::vector<std::string>& published,
                   const std::vector<std::string>& exposed = {}) {
  const auto mappings = ParsePortMappings(published);
  if (!mappings.ok()) return mappings.error().Message();
  std::vector<PortMapping> open;
  for (const std::string& text : exposed) open.push_back(ParseExposedPort(text).value());
  return FormatPorts(*mappings, open);
}

// A socket that listens on a free port of 127.0.0.1.
struct Listener {
  sys::Fd fd;
  uint16_t port = 0;
  explicit Listener(int type = SOCK_STREAM) : fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), length), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(fd.get(), 1), 0);
    }
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &length), 0);
    port = ntohs(at.sin_port);
  }
};

TEST(Ports, Forms) {
  EXPECT_EQ(*ParsePortMapping("80"), (PortMapping{"", 0, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("8080:80"), (PortMapping{"", 8080, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("53:53/udp"), (PortMapping{"", 53, 53, 1, "udp"}));
  EXPECT_EQ(*ParsePortMapping("53:53/UDP"), (PortMapping{"", 53, 53, 1, "udp"}));
  EXPECT_EQ(*ParsePortMapping("127.0.0.1:8080:80"), (PortMapping{"127.0.0.1", 8080, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("127.0.0.1::80"), (PortMapping{"127.0.0.1", 0, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping(":80"), (PortMapping{"", 0, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("0.0.0.0:1:2"), (PortMapping{"", 1, 2, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("[0:0::1]:80:80"), (PortMapping{"::1", 80, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("[::1]::80"), (PortMapping{"::1", 0, 80, 1, "tcp"}));
  EXPECT_EQ(*ParsePortMapping("5000-5002:6000-6002/sctp"),
            (PortMapping{"", 5000, 6000, 3, "sctp"}));
  EXPECT_EQ(*ParsePortMapping("1-65535:1-65535"), (PortMapping{"", 1, 1, 65535, "tcp"}));
}

TEST(Ports, Errors) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "non-empty container port"},
           {"80:", "non-empty container port"},
           {"0", "between 1 and 65535 (inclusive), got 0"},
           {"65536", "got 65536"},
           {"-1", "a port range needs"},
           {"99999999999999999999", "invalid port number"},
           {"abc", "invalid port number: \"abc\""},
           {"80 ", "invalid port number"},
           {"1-0", "got 0"},
           {"10-9", "9 is not higher than 10"},
           {"5-5", "5 is not higher than 5"},
           {"1-2-3", "formatted as startPort-stopPort"},
           {"1-2:1-3", "different lengths: 2 vs 3"},
           {"80:80/xyz", "unrecognized transport protocol \"xyz\""},
           {"80:80/", "non-empty protocol"},
           {"80/tcp/udp", "only be specified once"},
           {"[::1]:80", "[IPv6]:hostPort:containerPort"},
           {"[::1]:80:80:80", "[IPv6]:hostPort:containerPort"},
           {"[::1]80:80", "followed by a colon"},
           {"[::1:80:80", "enclosed by []"},
           {"::1]:80:80", "enclosed by []"},
           {"[1.2.3.4]:80:80", "cannot parse \"1.2.3.4\""},
           {"[]:80:80", "cannot parse"},
           {"1.2.3.4.5:80:80", "cannot parse \"1.2.3.4.5\" as an IP address"},
           {"localhost:80:80", "cannot parse \"localhost\""},
           {":80:80", "non-empty container host IP"},
           {"::1:80:80", "format is [[hostIP:]hostPort:]containerPort"},
           {"80\n:80", "invalid port number: \"80\\x0a\""}}) {
    EXPECT_NE(ErrorOf(text).find(part), std::string::npos) << text << " gave: " << ErrorOf(text);
    EXPECT_EQ(ErrorOf(text).substr(0, 14), "invalid port \"") << text;
  }
  EXPECT_FALSE(ParseExposedPort("80:80").ok());
  EXPECT_FALSE(ParseExposedPort("").ok());
  EXPECT_FALSE(ParseExposedPort("99999").ok());
}

TEST(Ports, ColumnIsSortedAndCollapsed) {
  EXPECT_EQ(Column({}), "");
  EXPECT_EQ(Column({"127.0.0.1:53:53/udp", "8080:80"}),
            "0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp");
  EXPECT_EQ(Column({"5002:5002", "5000:5000", "5001:5001"}), "0.0.0.0:5000-5002->5000-5002/tcp");
  EXPECT_EQ(Column({"5000:5000", "5001:6001"}), "0.0.0.0:5000->5000/tcp, 0.0.0.0:5001->6001/tcp");
  EXPECT_EQ(Column({"80:80", "80:80", "80:80/udp"}), "0.0.0.0:80->80/tcp, 0.0.0.0:80->80/udp");
  EXPECT_EQ(Column({"5000-5004:5000-5004", "5002:5002"}), "0.0.0.0:5000-5004->5000-5004/tcp");
  EXPECT_EQ(Column({"[::1]:80:8080"}), "[::1]:80->8080/tcp");
  EXPECT_EQ(Column({"8080:80"}, {"80", "443/tcp", "9000-9002/udp", "9003/udp"}),
            "0.0.0.0:8080->80/tcp, 443/tcp, 9000-9003/udp");
  EXPECT_EQ(Column({}, {"80/tcp"}), "80/tcp");
}

TEST(Ports, ConflictsAmongThemselves) {
  EXPECT_EQ(Column({"8080:80", "8080:81"}),
            "conflicting port mappings for host port 8080 (protocol tcp)");
  EXPECT_EQ(Column({"8000-8010:8000-8010", "8005:80"}),
            "conflicting port mappings for host port 8005 (protocol tcp)");
  EXPECT_EQ(Column({"127.0.0.1:8080:80", "8080:80"}),
            "conflicting port mappings for host port 8080 (protocol tcp)");
  EXPECT_EQ(Column({"127.0.0.1:8080:80", "127.0.0.2:8080:80"}),
            "127.0.0.1:8080->80/tcp, 127.0.0.2:8080->80/tcp");
}

TEST(Ports, Lines) {
  const std::vector<PortLine> lines =
      ListPorts(*ParsePortMappings({"80-81:90-91", "[::1]:5:6/udp"}));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].container + " -> " + lines[0].host, "90/tcp -> 0.0.0.0:80");
  EXPECT_EQ(lines[1].container + " -> " + lines[1].host, "91/tcp -> 0.0.0.0:81");
  EXPECT_EQ(lines[2].container + " -> " + lines[2].host, "6/udp -> [::1]:5");
}

TEST(Ports, TakenPortIsFoundBeforehand) {
  for (const char* protocol : {"tcp", "udp"}) {
    const Listener other(protocol == std::string("tcp") ? SOCK_STREAM : SOCK_DGRAM);
    const std::string port = std::to_string(other.port);
    for (const std::string address : {"", "127.0.0.1"}) {
      const Status status = CheckHostPorts({PortMapping{address, other.port, 80, 1, protocol}});
      ASSERT_FALSE(status.ok()) << protocol << address;
      EXPECT_EQ(status.error().code(), Code::kBusy);
      EXPECT_EQ(status.error().Message(), "publish " + (address.empty() ? "0.0.0.0" : address) +
                                              ":" + port + "/" + protocol +
                                              ": address already in use");
    }
    EXPECT_TRUE(CheckHostPorts({PortMapping{"127.0.0.2", other.port, 80, 1, protocol}}).ok());
  }
}

TEST(Ports, AddressOfAnotherHost) {
  const Status status = CheckHostPorts({PortMapping{"192.0.2.250", 18080, 80, 1, "tcp"}});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().Message().find("does not have that address"), std::string::npos);
}

TEST(Ports, RandomPortsAreFreeAndConsecutive) {
  auto mappings = ParsePortMappings({"127.0.0.1::80", "127.0.0.1::90-94", "127.0.0.1::53/udp"});
  ASSERT_TRUE(mappings.ok());
  ASSERT_TRUE(ChooseHostPorts(*mappings).ok());
  for (const PortMapping& mapping : *mappings) EXPECT_GE(mapping.host_port, 1024);
  EXPECT_TRUE(CheckHostPorts(*mappings).ok());
  EXPECT_NE((*mappings)[0].host_port, (*mappings)[1].host_port);
}

TEST(Ports, PrivilegedPortTellsHowToAllowIt) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  const auto check = [] {
    if (::setresuid(61'234, 61'234, 61'234) != 0) ::_exit(9);
    const Status status = CheckHostPorts({PortMapping{"127.0.0.1", 443, 80, 1, "tcp"}});
    if (status.ok()) ::_exit(8);
    const std::string text = status.error().Message() + "\n" + status.error().hint() + "\n";
    ::_exit(::write(STDERR_FILENO, text.data(), text.size()) > 0 ? 1 : 7);
  };
  EXPECT_EXIT(check(), ::testing::ExitedWithCode(1),
              "cannot expose privileged port 443: permission denied\n.*"
              "sysctl net.ipv4.ip_unprivileged_port_start=443.* publish port 8443 ");
}

}  // namespace
}  // namespace ctool::network
