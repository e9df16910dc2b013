// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "network/slirp4netns.hpp"

namespace ctool::network {
namespace {

std::string ErrorOf(const std::string& network, const std::vector<std::string>& conf = {}) {
  const auto options = ParseSlirpNetwork(network, conf);
  return options.ok() ? "" : options.error().Message();
}

bool Has(const std::vector<std::string>& command, const std::string& argument) {
  return std::find(command.begin(), command.end(), argument) != command.end();
}

TEST(SlirpOptions, Defaults) {
  const auto options = ParseSlirpNetwork("slirp4netns", {});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->mtu, 65520);
  EXPECT_FALSE(options->allow_host_loopback);
  EXPECT_FALSE(options->cidr_given);
  const auto backend = SlirpBackend("s", *options, "");
  ASSERT_TRUE(backend.ok());
  EXPECT_EQ(backend->address, "10.0.2.100");
  EXPECT_EQ(backend->prefix, 24);
  EXPECT_EQ(backend->gateway, "10.0.2.2");
  EXPECT_EQ(backend->dns, "10.0.2.3");
  const auto command = SlirpCommand("/usr/bin/slirp4netns", *options, "");
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(*command, (std::vector<std::string>{"/usr/bin/slirp4netns", "--configure",
                                                "--mtu=65520", "--enable-sandbox",
                                                "--enable-seccomp", "--disable-host-loopback"}));
}

TEST(SlirpOptions, EveryOption) {
  const auto options = ParseSlirpNetwork(
      "slirp4netns:cidr=10.9.0.0/16,allow_host_loopback=true,outbound_addr=lo,disable_dns=true,"
      "outbound_addr6=::1,port_handler=slirp4netns",
      {"mtu=1400", "enable_ipv6=true", "cidr=10.7.0.0/24"});
  ASSERT_TRUE(options.ok()) << options.error().Message();
  EXPECT_EQ(SlirpBackend("s", *options, "")->address, "10.9.0.100");
  EXPECT_EQ(SlirpBackend("s", *options, "")->dns, "");
  EXPECT_TRUE(options->cidr_given);
  const auto command = SlirpCommand("s", *options, "/run/api.sock");
  ASSERT_TRUE(command.ok());
  for (const char* argument :
       {"--mtu=1400", "--cidr=10.9.0.0/16", "--enable-ipv6", "--disable-dns", "--outbound-addr=lo",
        "--outbound-addr6=::1", "--api-socket=api.sock"})
    EXPECT_TRUE(Has(*command, argument)) << argument;
  EXPECT_FALSE(Has(*command, "--disable-host-loopback"));
}

TEST(SlirpOptions, Errors) {
  EXPECT_EQ(ErrorOf("slirp4netns:foo=1"), "unknown option for slirp4netns: \"foo=1\"");
  EXPECT_EQ(ErrorOf("slirp4netns:mtu"), "unknown option for slirp4netns: \"mtu\"");
  EXPECT_EQ(ErrorOf("slirp4netns:"), "unknown option for slirp4netns: \"\"")
      << "an empty option list";
  EXPECT_EQ(ErrorOf("slirp4netns", {"bar=1"}), "unknown option for slirp4netns: \"bar=1\"");
  EXPECT_EQ(ErrorOf("slirp4netns:enable_ipv6=yes"),
            "invalid value of enable_ipv6 for slirp4netns: \"yes\"");
  EXPECT_EQ(ErrorOf("slirp4netns:port_handler=x"), "unknown port_handler for slirp4netns: \"x\"");
  EXPECT_EQ(ErrorOf("slirp4netns:outbound_addr6=::1"),
            "enable_ipv6=true is required for outbound_addr6");
  for (const char* bad :
       {"cidr=10.0.2.1/24", "cidr=10.0.2.0", "cidr=10.0.2.0/26", "cidr=fd00::/64",
        "cidr=10.0.0.0/7", "cidr=", "mtu=67", "mtu=65522", "mtu=x", "mtu=-1",
        "outbound_addr=nosuchif0", "outbound_addr=::1", "outbound_addr=--help", "outbound_addr="})
    EXPECT_EQ(ErrorOf(std::string("slirp4netns:") + bad).substr(0, 8), "invalid ") << bad;
  EXPECT_FALSE(ParseSlirpNetwork("pasta", {}).ok());
}

TEST(SlirpOptions, LongSocketPathIsNotTold) {
  const auto command = SlirpCommand("s", {}, "/run/" + std::string(200, 'x') + "/api.sock");
  ASSERT_TRUE(command.ok());
  EXPECT_TRUE(Has(*command, "--api-socket=api.sock")) << "it is started in the folder";
}

TEST(SlirpOptions, TooOldForAnOption) {
  const std::vector<std::string> command = *SlirpCommand("s", {}, "");
  const Error old(Code::kNetwork,
                  "slirp4netns exited with status 1: slirp4netns: unrecognized "
                  "option '--enable-seccomp'; Usage: ...");
  const auto again = WithoutUnknownOption(command, old);
  ASSERT_TRUE(again);
  EXPECT_FALSE(Has(*again, "--enable-seccomp"));
  EXPECT_TRUE(Has(*again, "--enable-sandbox"));
  EXPECT_FALSE(WithoutUnknownOption(*again, old)) << "must not go round in circles";
  EXPECT_FALSE(WithoutUnknownOption(command, Error(Code::kNetwork, "something else")));
}

TEST(SlirpOptions, FindingTheProgram) {
  char name[] = "/tmp/ctool-slirp-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string folder = name, program = folder + "/slirp4netns";
  const std::string path = std::getenv("PATH");
  std::ofstream(program) << "#!/bin/sh\n";
  ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
  EXPECT_EQ(*FindSlirp("", {folder}), program);
  EXPECT_EQ(*FindSlirp(program, {}), program);
  EXPECT_FALSE(FindSlirp(folder + "/none", {folder}).ok()) << "a configured path is meant";
  std::filesystem::remove_all(folder);
}

TEST(HostForward, WhatSlirpCannotDo) {
  EXPECT_TRUE(CheckForward(kSlirp4netns, {"", 1, 1, 1, "udp"}).ok());
  EXPECT_EQ(CheckForward(kSlirp4netns, {"", 1, 1, 1, "sctp"}).error().code(), Code::kUnsupported);
  EXPECT_EQ(CheckForward(kSlirp4netns, {"::1", 1, 1, 1, "tcp"}).error().code(), Code::kUnsupported);
  EXPECT_FALSE(AddHostForward("/nonexistent/socket", {"", 1, 1, 1, "tcp"}, "10.0.2.100").ok());
}

}  // namespace
}  // namespace ctool::network
