// SPDX-License-Identifier: Apache-2.0
#include "monitor/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "monitor/config.hpp"
#include "monitor/sandbox.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
  }
  void TearDown() override { EXPECT_TRUE(sys::RemoveTree(dir_).ok()); }
  // Each line without its time stamp, which must be there.
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    for (const std::string& line : Split(sys::ReadFile(dir_ + "/log").value(), '\n')) {
      if (line.empty()) continue;
      EXPECT_GT(line.find(' '), 30u) << line;
      lines.push_back(line.substr(line.find(' ') + 1));
    }
    return lines;
  }
  std::string dir_;
};

TEST_F(LogTest, MarksWholeAndPartialLines) {
  Log log = Log::Open(dir_ + "/log", -1).value();
  log.Append("stdout", "one\ntwo");
  log.Append("stdout", " more\n");
  log.Append("stderr", "bad\n\n");
  EXPECT_EQ(Lines(), (std::vector<std::string>{"stdout F one", "stdout P two", "stdout F  more", "stderr F bad", "stderr F "}));
}

TEST_F(LogTest, StartsOverAtItsLimit) {
  Log log = Log::Open(dir_ + "/log", 200).value();
  for (int i = 0; i < 50; ++i) log.Append("stdout", "line " + std::to_string(i) + "\n");
  EXPECT_LE(sys::ReadFile(dir_ + "/log")->size(), 200u);
  EXPECT_EQ(Lines().back(), "stdout F line 49");
}

TEST(Config, SurvivesPrintAndParse) {
  Config c;
  c.id = "id";
  c.run_dir = "/run/x";
  c.exit_file = "/x/exit";
  c.ports = {"8080:80/tcp"};
  c.cleanup = {"ctool", "container", "cleanup", "id"};
  const Config again = Config::Parse(c.Print()).value();
  EXPECT_EQ(again.Print(), c.Print());
  EXPECT_FALSE(Config::Parse("[]").ok());
  EXPECT_FALSE(Config::Parse("{}").ok());
}

TEST(Sandbox, SurvivesPrintAndParse) {
  Sandbox s;
  s.namespaces = 0x10020000;
  s.keep_stdin = true;
  s.map.uids = {{0, 1000, 1}, {1, 100000, 65536}};
  s.map.gids = {{0, 1000, 1}};
  s.map.newgidmap = "/usr/bin/newgidmap";
  s.slirp_command = {"/usr/bin/slirp4netns", "-c"};
  const Sandbox again = *Sandbox::Parse(s.Print());
  EXPECT_EQ(again.Print(), s.Print());
  EXPECT_EQ(again.namespaces, s.namespaces);
  EXPECT_EQ(again.map.uids, s.map.uids);
  EXPECT_TRUE(again.keep_stdin);
  EXPECT_FALSE(again.terminal);
}

}  // namespace
}  // namespace ctool::monitor
