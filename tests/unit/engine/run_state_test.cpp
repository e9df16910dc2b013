// SPDX-License-Identifier: Apache-2.0
#include "engine/run_state.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

class RunStateTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(dir_.data()), nullptr); }
  void TearDown() override { EXPECT_TRUE(sys::RemoveTree(dir_).ok()); }
  void WriteStop(const std::string& text) {
    ASSERT_TRUE(sys::WriteFileAtomic(dir_ + "/stop", text, 0600, sys::Durability::kNone).ok());
  }
  std::string dir_ = "/tmp/run-state-XXXXXX";
};

TEST_F(RunStateTest, RunsWithoutAnyFile) {
  EXPECT_EQ(RunStateOf(dir_), RunState::kRunning);
  EXPECT_FALSE(WasStopped(dir_));
}

TEST_F(RunStateTest, IsStoppingWhileTheStopperLives) {
  ASSERT_TRUE(MarkPaused(dir_).ok());
  EXPECT_EQ(RunStateOf(dir_), RunState::kPaused);
  ASSERT_TRUE(MarkStop(dir_, StopMark::kStop).ok());
  EXPECT_EQ(RunStateOf(dir_), RunState::kStopping);
  EXPECT_FALSE(IsRestarting(dir_));
  ASSERT_TRUE(MarkStop(dir_, StopMark::kRestart).ok());
  EXPECT_TRUE(IsRestarting(dir_));
}

TEST_F(RunStateTest, AStopperThatIsGoneDoesNotCount) {
  for (const char* text : {"", "1 1 stop\n", "999999999 7 stop\n", "x y stop\n", "-1 0 restart\n", "1\n"}) {
    WriteStop(text);
    EXPECT_EQ(RunStateOf(dir_), RunState::kRunning) << text;
    EXPECT_FALSE(IsRestarting(dir_)) << text;
    EXPECT_TRUE(WasStopped(dir_)) << text;
  }
}

TEST_F(RunStateTest, ASignalIsNoWait) {
  ASSERT_TRUE(MarkStop(dir_, StopMark::kSignal).ok());
  EXPECT_EQ(RunStateOf(dir_), RunState::kRunning);
  EXPECT_TRUE(WasStopped(dir_));
}

TEST_F(RunStateTest, AStartKeepsOnlyTheLastEnd) {
  monitor::ExitRecord record;
  record.code = 7;
  ASSERT_TRUE(sys::WriteFileAtomic(dir_ + "/exit", record.Print(), 0600, sys::Durability::kNone).ok());
  ASSERT_TRUE(MarkStop(dir_, StopMark::kStop).ok());
  ASSERT_TRUE(MarkPaused(dir_).ok());
  ASSERT_TRUE(ForgetRun(dir_, dir_ + "/exit").ok());
  EXPECT_EQ(RunStateOf(dir_), RunState::kRunning);
  EXPECT_FALSE(sys::Exists(dir_ + "/exit"));
  ASSERT_TRUE(ReadLastEnd(dir_).has_value());
  EXPECT_EQ(ReadLastEnd(dir_)->code, 7);
}

}  // namespace
}  // namespace ctool::engine
