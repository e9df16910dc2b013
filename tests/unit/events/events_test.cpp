// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "events/append.hpp"
#include "events/read.hpp"
#include "sys/file.hpp"

namespace ctool::events {
namespace {

class EventsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-events-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
    log_ = dir_ + "/run/events.log";
  }
  void TearDown() override { EXPECT_TRUE(sys::RemoveTree(dir_).ok()); }
  std::string dir_, log_;
};

TEST_F(EventsTest, WhatIsToldIsRead) {
  const std::string common = Common({"container", "1a", "na\"me\n", "img", R"({"k":"v","x":""})"});
  ASSERT_TRUE(Append(log_, Line("create", common) + Line("died", common, 3)).ok());
  Reader reader(log_);
  const std::vector<Event> events = reader.Read().value();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].status, "create");
  EXPECT_EQ(events[0].name, "na\"me\n");
  EXPECT_EQ(events[0].image, "img");
  EXPECT_EQ(events[0].attributes, (std::map<std::string, std::string>{{"k", "v"}, {"x", ""}}));
  EXPECT_FALSE(events[0].exit_code);
  EXPECT_EQ(events[1].exit_code, 3);
  EXPECT_NEAR(static_cast<double>(events[1].time), static_cast<double>(WallNanos()), 5e9);
  EXPECT_TRUE(reader.Read()->empty());
  ASSERT_TRUE(Append(log_, Line("remove", Common({"volume", "", "v", "", "{}"}))).ok());
  EXPECT_EQ(reader.Read()->at(0).name, "v");
  ASSERT_TRUE(Append(log_, Line("health_status", common + Member("health_status", "healthy"))).ok());
  EXPECT_EQ(reader.Read()->at(0).health, "healthy");
  Reader late(log_);
  ASSERT_TRUE(late.SkipToEnd().ok());
  EXPECT_TRUE(late.Read()->empty());
}

TEST_F(EventsTest, WhatIsNoEventIsPassedOver) {
  for (const char* line : {"", "x", "[]", "{}", R"({"Time":"x","Status":"a","Type":"b"})", R"({"Time":1,"Type":"b"})", "{\"Time\":1,\"Status\":\"\xff\",\"Type\":\"b\"}",
                           R"({"Time":1,"Status":"a","Typ)"})
    EXPECT_FALSE(Parse(line)) << line;
  EXPECT_TRUE(Parse(R"({"Time":1,"Status":"a","Type":"b","Attributes":[1],"ContainerExitCode":"x","Name":5})"));
}

// Many processes, a small limit: every line is whole and the newest are there.
TEST_F(EventsTest, ParallelWritersAndRotation) {
  constexpr int kWriters = 8, kEach = 500;
  constexpr long kMax = 20'000;
  const std::string common = Common({"volume", "", std::string(50, 'n'), "", ""});
  Reader reader(log_);
  for (int i = 0; i < kWriters; ++i) {
    if (::fork() != 0) continue;
    for (int k = 0; k < kEach; ++k)
      if (!Append(log_, Line("s" + std::to_string(k), common), kMax).ok()) ::_exit(1);
    ::_exit(0);
  }
  size_t seen = 0;
  int status = 0, left = kWriters;
  while (left > 0) {
    seen += reader.Read()->size();
    while (left > 0 && ::waitpid(-1, &status, WNOHANG) > 0) {
      EXPECT_EQ(status, 0);
      --left;
    }
  }
  seen += reader.Read()->size();
  // A reader that is too slow misses what was renamed away twice, never a part of a line.
  EXPECT_LE(seen, static_cast<size_t>(kWriters * kEach));
  EXPECT_LE(sys::ReadFile(log_)->size(), static_cast<size_t>(kMax + kWriters * 200));
  EXPECT_GE(sys::ReadFile(log_ + ".1")->size(), static_cast<size_t>(kMax));
  size_t kept = Reader(log_).Read()->size(), lines = 0;
  for (const char c : *sys::ReadFile(log_) + *sys::ReadFile(log_ + ".1")) lines += c == '\n';
  EXPECT_EQ(kept, lines);
}

TEST(Filter, AsPodman) {
  Event c;
  c.type = "container";
  c.status = "died";
  c.id = "abc";
  c.name = "web";
  c.attributes = {{"k", "v"}};
  const auto matches = [&](const std::vector<std::string>& filters) { return Filter::Parse(filters)->Matches(c); };
  EXPECT_TRUE(matches({}));
  EXPECT_TRUE(matches({"container=web"}));
  EXPECT_TRUE(matches({"container=ab"}));
  EXPECT_FALSE(matches({"container=we"}));
  EXPECT_TRUE(matches({"container=x", "container=web"}));
  EXPECT_FALSE(matches({"container=web", "event=start"}));
  EXPECT_TRUE(matches({"event=die"}));
  EXPECT_TRUE(matches({"STATUS=died"}));
  EXPECT_TRUE(matches({"label=k", "label=k=x"}));
  EXPECT_FALSE(matches({"label=k=x"}));
  EXPECT_FALSE(matches({"image=ab"}));
  EXPECT_FALSE(matches({"pod=ab"}));
  EXPECT_TRUE(matches({"type=container"}));
  c.type = "volume";
  EXPECT_TRUE(matches({"volume=we"}));
  EXPECT_EQ(Filter::Parse({"foo=bar"}).error().Message(), "foo is an invalid filter");
  EXPECT_EQ(Filter::Parse({"foo"}).error().Message(), "foo is an invalid filter");
}

}  // namespace
}  // namespace ctool::events
