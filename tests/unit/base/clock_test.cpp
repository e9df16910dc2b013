// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace ctool {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(Rfc3339, PrintsNineDigitsAndReadsThemBack) {
  const int64_t at = 1'136'214'245 * kSecond + 120;
  EXPECT_EQ(Rfc3339Utc(at), "2006-01-02T15:04:05.000000120Z");
  EXPECT_EQ(ParseRfc3339(Rfc3339Utc(at)), at);
  EXPECT_EQ(ParseRfc3339(Rfc3339Local(at)), at);
  EXPECT_EQ(ParseRfc3339("2006-01-02T15:04:05-07:00"), (1'136'214'245 + 7 * 3600) * kSecond);
  EXPECT_EQ(ParseRfc3339("0001-01-01T00:00:00Z").has_value(), false) << "out of the range of int64 ns";
  for (const char* bad : {"", "2006-01-02", "2006-01-02T15:04:05", "2006-13-02T15:04:05Z",
                          "2006-01-02T15:04:05.Z", "2006-01-02T15:04:05Zx"})
    EXPECT_FALSE(ParseRfc3339(bad)) << bad;
}

TEST(HumanDuration, SpeaksAsGoUnitsDoes) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "Less than a second"}, {1, "1 second"},      {59, "59 seconds"},   {60, "About a minute"},
      {119, "About a minute"},   {120, "2 minutes"},   {3599, "59 minutes"}, {3600, "About an hour"},
      {7200, "2 hours"},         {47 * 3600, "47 hours"}, {48 * 3600, "2 days"}, {14 * 86400, "2 weeks"},
      {60 * 86400, "2 months"},  {731 * 86400, "2 years"}};
  for (const auto& [seconds, words] : cases) EXPECT_EQ(HumanDuration(seconds * kSecond), words) << seconds;
}

TEST(GoDuration, ReadsUnitsAndSums) {
  EXPECT_EQ(ParseGoDuration("1h30m"), 5400 * kSecond);
  EXPECT_EQ(ParseGoDuration("250ms"), kSecond / 4);
  EXPECT_EQ(ParseGoDuration("1.5s"), kSecond * 3 / 2);
  EXPECT_EQ(ParseGoDuration("-2s"), -2 * kSecond);
  EXPECT_EQ(ParseGoDuration("0"), 0);
  for (const char* bad : {"", "5", "s", "1x", "1h30", "1e3s", "99999999999h"}) EXPECT_FALSE(ParseGoDuration(bad)) << bad;
}

}  // namespace
}  // namespace ctool
