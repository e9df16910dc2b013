// SPDX-License-Identifier: Apache-2.0
#include "network/pasta.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "network/host_routes.hpp"

namespace ctool::network {
namespace {

using Words = std::vector<std::string>;

std::string ErrorOf(std::string_view network) {
  const auto options = ParsePastaNetwork(network, {});
  return options.ok() ? "" : options.error().Message();
}

// Are these words in the command, one behind the other?
bool Has(const Words& command, const Words& words) {
  return std::search(command.begin(), command.end(), words.begin(), words.end()) != command.end();
}

TEST(PastaOptions, Defaults) {
  const auto options = ParsePastaNetwork("pasta", {});
  ASSERT_TRUE(options.ok());
  const Backend backend = PastaBackend("/usr/bin/no-such-pasta", *options);
  EXPECT_EQ(backend.name, "pasta");
  EXPECT_EQ(backend.dns, "169.254.1.1");
  EXPECT_TRUE(Has(backend.command, {"--config-net"}));
  EXPECT_TRUE(Has(backend.command, {"--no-map-gw"})) << "the host's loopback stays out of reach";
  EXPECT_TRUE(Has(backend.command, {"-T", "none"}));
  EXPECT_TRUE(Has(backend.command, {"-U", "none"}));
  EXPECT_TRUE(Has(backend.command, {"--dns-forward", "169.254.1.1"}));
  EXPECT_FALSE(Has(backend.command, {"--map-guest-addr"})) << "this program does not know it";
  EXPECT_NE(backend.host_address, "169.254.1.2");
}

TEST(PastaOptions, AreRecognisedInTheProgram) {
  const std::string program = ::testing::TempDir() + "pasta-of-2024";
  std::ofstream(program) << "ELF --map-host-loopback --map-guest-addr ADDR";
  const Backend backend = PastaBackend(program, *ParsePastaNetwork("pasta", {}));
  EXPECT_TRUE(Has(backend.command, {"--map-guest-addr", "169.254.1.2"}));
  EXPECT_EQ(backend.host_address, "169.254.1.2");
  const Backend given = PastaBackend(program, *ParsePastaNetwork("pasta:--map-guest-addr,none", {}));
  EXPECT_TRUE(Has(given.command, {"--map-guest-addr", "none"}));
  EXPECT_FALSE(Has(given.command, {"169.254.1.2"}));
  EXPECT_EQ(given.host_address, "");
}

TEST(PastaOptions, ArePassedOn) {
  const auto options =
      ParsePastaNetwork("pasta:-4,--mtu,1400,--map-gw,--dns-forward=10.1.1.1,-T,8080,-a,10.5.5.5,-g,10.5.5.1", {"--no-ra"});
  ASSERT_TRUE(options.ok()) << options.error().Message();
  const Backend backend = PastaBackend("p", *options);
  EXPECT_TRUE(Has(backend.command, {"--no-ra", "-4", "--mtu", "1400", "--dns-forward=10.1.1.1", "-T", "8080"}));
  EXPECT_FALSE(Has(backend.command, {"--map-gw"})) << "not a word of pasta's";
  EXPECT_FALSE(Has(backend.command, {"--no-map-gw"}));
  EXPECT_FALSE(Has(backend.command, {"-T", "none"}));
  EXPECT_TRUE(Has(backend.command, {"-U", "none"}));
  EXPECT_FALSE(Has(backend.command, {"169.254.1.1"}));
  EXPECT_EQ(backend.dns, "10.1.1.1");
  EXPECT_FALSE(backend.ipv6);
  EXPECT_EQ(backend.address6, "");
}

TEST(PastaOptions, Errors) {
  EXPECT_EQ(ErrorOf("pasta:mtu=1400"), "invalid option for pasta: \"mtu=1400\"");
  EXPECT_EQ(ErrorOf("pasta:-4,,"), "invalid option for pasta: \"\"");
  EXPECT_EQ(ErrorOf("pasta:--netns=/run/x"), "option \"--netns\" of pasta can't be given: it is set for each container");
  EXPECT_EQ(ErrorOf("pasta:-P,/tmp/pid"), "option \"-P\" of pasta can't be given: it is set for each container");
  EXPECT_EQ(ErrorOf("pasta:-4,-6"), "--ipv4-only and --ipv6-only of pasta exclude each other");
  EXPECT_EQ(ErrorOf("pasta:"), "");
}

TEST(PastaPorts, AreWrittenInItsWay) {
  EXPECT_EQ(PastaPorts({{"", 8080, 80, 1, "tcp"}, {"127.0.0.1", 5000, 6000, 3, "udp"}, {"::1", 1, 2, 1, "tcp"}}),
            (Words{"-t", "8080:80", "-u", "127.0.0.1/5000-5002:6000-6002", "-t", "::1/1:2"}));
  EXPECT_TRUE(CheckForward(kPasta, {"::1", 1, 1, 1, "tcp"}).ok());
  EXPECT_EQ(CheckForward(kPasta, {"", 1, 1, 1, "sctp"}).error().code(), Code::kUnsupported);
}

constexpr char kRoutes[] =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "nonsense\n";

TEST(HostRoutes, AreRead) {
  const std::vector<HostRoute> routes = ParseRoutes(kRoutes);
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].prefix, 0);
  EXPECT_EQ(routes[0].gateway, 0xC0000201U);
  EXPECT_EQ(routes[0].metric, 100U);
  EXPECT_EQ(routes[1].destination, 0xC0000200U);
  EXPECT_EQ(routes[1].prefix, 24);
  EXPECT_EQ(routes[1].interface, "eth0");
}

TEST(FreeCidr, KeepsClearOfTheHost) {
  const std::vector<HostRoute> everyday = ParseRoutes(kRoutes);
  EXPECT_EQ(FreeCidr(everyday, {"192.0.2.53"}), "10.0.2.0/24");
  const HostRoute vm{0x0A000200, 0, 24, 0, "eth0"}, part{0x0A000280, 0, 25, 0, "eth0"}, all{0x0A000000, 0, 8, 0, "tun0"},
      world{0x80000000, 0, 1, 0, "tun0"}, rest{0, 0, 1, 0, "tun0"};
  EXPECT_EQ(FreeCidr({vm}, {}), "10.1.2.0/24");
  EXPECT_EQ(FreeCidr({part}, {}), "10.1.2.0/24") << "a smaller network inside";
  EXPECT_EQ(FreeCidr({all}, {}), "192.168.0.0/24");
  EXPECT_EQ(FreeCidr({}, {"10.0.2.3", "10.1.2.9"}), "10.2.2.0/24") << "the host's name servers";
  EXPECT_EQ(FreeCidr({world, rest}, {}), std::nullopt) << "a VPN that takes everything as two halves";
}

}  // namespace
}  // namespace ctool::network
