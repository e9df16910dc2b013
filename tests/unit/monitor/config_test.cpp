// SPDX-License-Identifier: Apache-2.0
// What the command writes for the monitor, and the other way round.
#include "monitor/config.hpp"

#include <gtest/gtest.h>

#include "monitor/sandbox.hpp"

namespace ctool::monitor {
namespace {

TEST(Config, SurvivesPrintAndParse) {
  Config c;
  c.id = "a", c.name = "n", c.run_dir = "/r", c.exit_file = "/e", c.log_driver = "journald", c.log_path = "/l";
  c.log_tag = "t", c.network.api_socket = "/s", c.network.address = "10.0.2.100", c.fuse_overlayfs = "/f";
  c.ports = {"80:80", "81:81/udp"}, c.cleanup = {"ctool", "container", "cleanup"};
  c.log_max_size = 1LL << 40, c.timeout_seconds = 3, c.restart_policy = "always", c.restart_retries = 4;
  c.pid_file = "/p", c.monitor_pid_file = "/m", c.events_log = "/v", c.event = "{}", c.notify_socket = "@n";
  c.notify_ready = true, c.stop_signal = 37, c.stop_timeout_seconds = -1;
  c.health = {"/h", 1, 2, 3, 4, "kill", 6, 7};
  const Config again = Config::Parse(c.Print()).value();
  EXPECT_EQ(again.Print(), c.Print());
  EXPECT_EQ(again.ports, c.ports);
  EXPECT_EQ(again.log_max_size, 1LL << 40);
  EXPECT_TRUE(again.notify_ready);
  EXPECT_EQ(again.stop_timeout_seconds, -1);
  EXPECT_EQ(again.health.process, "/h");
  EXPECT_EQ(again.health.start_period_ns, 3);
  EXPECT_EQ(again.health.max_log_size, 7);
}

TEST(Config, WhatIsOfAnotherTypeIsLeftOut) {
  const Config c = Config::Parse(R"({"id":"a","runDir":"/r","exitFile":"/e","ports":["1",2,null],"health":[1],"timeout":"x","cleanup":{}})").value();
  EXPECT_EQ(c.ports, std::vector<std::string>{"1"});
  EXPECT_TRUE(c.health.process.empty());
  EXPECT_EQ(c.timeout_seconds, 0);
  EXPECT_TRUE(c.cleanup.empty());
  for (const char* bytes : {"", "[]", "{}", R"({"id":"a","runDir":"/r"})"}) EXPECT_FALSE(Config::Parse(bytes).ok()) << bytes;
}

TEST(Sandbox, SurvivesPrintAndParse) {
  Sandbox s;
  s.namespaces = UINT64_C(0x7E020000);
  s.map.uids = {{0, 1000, 1}, {1, UINT32_MAX - 70000, 65536}};
  s.map.gids = {{0, 100, 1}};
  s.map.newuidmap = "/u";
  s.map.single_id = s.terminal = s.passthrough = true;
  s.files = 5;
  s.network.name = "slirp4netns", s.network.command = {"slirp4netns", "-c"};
  s.joined = {{3}, {0}}, s.below.uids = {{0, 0, 1}};
  const Sandbox again = Sandbox::Parse(s.Print()).value();
  EXPECT_EQ(again.Print(), s.Print());
  EXPECT_EQ(again.namespaces, s.namespaces);
  EXPECT_EQ(again.map.uids, s.map.uids);
  EXPECT_EQ(again.map.gids, s.map.gids);
  EXPECT_TRUE(again.map.single_id);
  EXPECT_FALSE(again.keep_stdin);
  EXPECT_EQ(again.files, 5);
  EXPECT_EQ(again.network.command, s.network.command);
  ASSERT_EQ(again.joined.size(), 2u);
  EXPECT_EQ(again.joined[0].types, 3u);
  EXPECT_EQ(again.below.uids, s.below.uids);
}

}  // namespace
}  // namespace ctool::monitor
