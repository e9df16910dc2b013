// SPDX-License-Identifier: Apache-2.0
#include "engine/jobs_internal.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace ctool::engine {
namespace {

Error Failure(const char* text) { return Error(Code::kIo, text); }

TEST(RunJobsTest, EachOnce) {
  std::array<std::atomic<int>, 100> done{};
  ASSERT_TRUE(RunJobs(done.size(), 4, [&](size_t i) { return ++done[i], Ok(); }).ok());
  for (const auto& times : done) EXPECT_EQ(times, 1);
  EXPECT_TRUE(RunJobs(0, 4, [](size_t) { return Status(Failure("there is none")); }).ok());
}

TEST(RunJobsTest, OneAtATimeIsInOrder) {
  std::string order;
  ASSERT_TRUE(RunJobs(5, 1, [&](size_t i) { return order += std::to_string(i), Ok(); }).ok());
  EXPECT_EQ(order, "01234");
}

TEST(RunJobsTest, AfterAnErrorNobodyBeginsAnother) {
  int begun = 0;
  const Status done = RunJobs(10, 1, [&](size_t i) { return ++begun, i == 3 ? Status(Failure("three")) : Ok(); });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().Message(), "three");
  EXPECT_EQ(begun, 4);
}

// The second one fails because the first has: that is not the cause.
TEST(RunJobsTest, TheFirstErrorIsTheOneToTell) {
  const std::unique_ptr<Interrupt> interrupt = Interrupt::Begin().value();
  const Status done = RunJobs(2, 2, [&](size_t i) -> Status {
    if (i == 0) return Failure("cause");
    while (!interrupt->stopped()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Failure("stopped");
  }, interrupt.get());
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().Message(), "cause");
  EXPECT_TRUE(interrupt->stopped());
}

TEST(RunJobsTest, ASignalCountsMore) {
  const std::unique_ptr<Interrupt> interrupt = Interrupt::Begin().value();
  int begun = 0;
  const Status done = RunJobs(10, 1, [&](size_t) -> Status {
    ++begun;
    ::raise(SIGTERM);
    return Failure("stopped");
  }, interrupt.get());
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().Message(), "interrupted");
  EXPECT_EQ(begun, 1);
}

}  // namespace
}  // namespace ctool::engine
