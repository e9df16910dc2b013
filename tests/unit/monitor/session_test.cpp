// SPDX-License-Identifier: Apache-2.0
// What the monitor reads back: orders and records of sessions, the health of a container; also from a hand that is not
// ours.
#include "monitor/session.hpp"

#include <gtest/gtest.h>

#include "monitor/health.hpp"

namespace ctool::monitor {
namespace {

TEST(SessionOrder, SurvivesPrintAndParse) {
  SessionOrder o;
  o.id = std::string(64, 'a');
  o.run_dir = "/run/user/1000/\xff\"x";  // no text, but a path
  o.keep_stdin = true;
  o.preserved = 7;
  const SessionOrder again = SessionOrder::Parse(o.Print()).value();
  EXPECT_EQ(again.id, o.id);
  EXPECT_TRUE(again.keep_stdin);
  EXPECT_EQ(again.preserved, 7);
}

TEST(SessionOrder, RefusesWhatNamesNoFileOfItsOwn) {
  for (const char* bytes : {"", "x", "[]", "null", "{}", R"({"id":"a"})", R"({"runDir":"/r"})", R"({"id":"","runDir":"/r"})",
                            R"({"id":"a/b","runDir":"/r"})", R"({"id":"../b","runDir":"/r"})", R"({"id":"..","runDir":"/r"})",
                            R"({"id":".","runDir":"/r"})", R"({"id":7,"runDir":"/r"})", R"({"id":"a","runDir":[]})",
                            R"({"id":"a","runDir":"/r")", "{\"id\":\"a\\u0000b\",\"runDir\":\"/r\"}"})
    EXPECT_FALSE(SessionOrder::Parse(bytes).ok()) << bytes;
}

TEST(SessionOrder, OtherTypesAreNotTaken) {
  const Result<SessionOrder> o = SessionOrder::Parse(R"({"id":"a","runDir":"/r","keepStdin":"yes","preserved":"3","more":{}})");
  ASSERT_TRUE(o.ok());
  EXPECT_FALSE(o->keep_stdin);
  EXPECT_EQ(o->preserved, 0);
}

TEST(SessionRecord, SurvivesPrintAndParse) {
  const SessionRecord again = SessionRecord::Parse(SessionRecord{4321, UINT64_MAX}.Print()).value();
  EXPECT_EQ(again.pid, 4321);
  EXPECT_EQ(again.start_time, UINT64_MAX);
  for (const char* bytes : {"", "{}", R"({"pid":0})", R"({"pid":-1,"startTime":1})", R"({"pid":"1"})", "[1]"})
    EXPECT_FALSE(SessionRecord::Parse(bytes).ok()) << bytes;
}

TEST(HealthState, SurvivesPrintAndParse) {
  HealthState s;
  s.status = "unhealthy";
  s.failing_streak = 3;
  s.log.push_back({1, 2, -1, "out\n\xff\x1b"});
  s.log.push_back({3, 4, 0, ""});
  const HealthState again = HealthState::Parse(s.Print()).value();
  EXPECT_EQ(again.status, "unhealthy");
  EXPECT_EQ(again.failing_streak, 3);
  ASSERT_EQ(again.log.size(), 2u);
  EXPECT_EQ(again.log[0].exit_code, -1);
  EXPECT_EQ(again.log[0].output.substr(0, 4), "out\n");
  EXPECT_EQ(again.log[1].end, 4);
}

TEST(HealthState, HostileJson) {
  for (const char* bytes : {"", "x", "[]", "1", "{", "{\"status\":}"}) EXPECT_FALSE(HealthState::Parse(bytes).ok()) << bytes;
  // What is not of its type is left out, and nothing else with it.
  const HealthState s =
      HealthState::Parse(R"({"status":5,"failingStreak":"x","log":[1,null,[],{"start":"a","exitCode":1e99,"output":{}},{"output":"kept"}]})").value();
  EXPECT_EQ(s.status, "starting");
  EXPECT_EQ(s.failing_streak, 0);
  ASSERT_EQ(s.log.size(), 2u);
  EXPECT_EQ(s.log[1].output, "kept");
  EXPECT_TRUE(HealthState::Parse(R"({"log":{"a":1}})")->log.empty());
  // Depth is not ours to decide: it must end, well or not.
  static_cast<void>(HealthState::Parse(std::string(100000, '[')).ok());
  static_cast<void>(HealthState::Parse("{\"log\":" + std::string(100000, '[')).ok());
}

TEST(Health, ActsOnlyOnAChecksOwnWord) {
  Config config;
  Health health(config);
  const auto action = [&](const char* wanted, int code, int signal) {
    config.health.on_failure = wanted;
    sys::ExitStatus status;
    status.code = code;
    status.signal = signal;
    return health.ActionOf(status);
  };
  constexpr int kUnhealthy = 2;
  EXPECT_EQ(action("kill", kUnhealthy, 0), HealthAction::kKill);
  EXPECT_EQ(action("stop", kUnhealthy, 0), HealthAction::kStop);
  EXPECT_EQ(action("restart", kUnhealthy, 0), HealthAction::kRestart);
  EXPECT_EQ(action("none", kUnhealthy, 0), HealthAction::kNone);
  EXPECT_EQ(action("kill", 1, 0), HealthAction::kNone);
  EXPECT_EQ(action("kill", 0, 0), HealthAction::kNone);
  EXPECT_EQ(action("kill", 137, 9), HealthAction::kNone);  // a checker that was killed knows nothing
}

}  // namespace
}  // namespace ctool::monitor
