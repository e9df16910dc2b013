// SPDX-License-Identifier: Apache-2.0
#include "registry/backoff_internal.hpp"

#include <gtest/gtest.h>

#include <ctime>

namespace ctool::registry {
namespace {

int64_t Seconds(const std::string& value) {
  http::Response response;
  if (!value.empty()) response.headers.emplace_back("retry-after", value);
  return RetryAfterSeconds(response);
}

std::string HttpDate(time_t at) {
  tm parts{};
  ::gmtime_r(&at, &parts);
  char text[64];
  ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

TEST(RetryAfter, Seconds) {
  EXPECT_EQ(Seconds("0"), 0);
  EXPECT_EQ(Seconds("7"), 7);
  EXPECT_EQ(Seconds("99999999999"), 1 << 30);
}

TEST(RetryAfter, ADate) {
  const time_t now = ::time(nullptr);
  // The clock goes on, on a busy machine by more than a second.
  const int64_t wait = Seconds(HttpDate(now + 1000));
  EXPECT_GT(wait, 900);
  EXPECT_LE(wait, 1000);
  EXPECT_EQ(Seconds(HttpDate(now - 100)), 0);
  EXPECT_EQ(Seconds("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
}

TEST(RetryAfter, WhatIsNeither) {
  for (const char* bad : {"", "soon", "-1", "1.5", "99999999999999999999", "tomorrow, 12 o'clock", "\x1b[2J"})
    EXPECT_EQ(Seconds(bad), 0) << bad;
}

}  // namespace
}  // namespace ctool::registry
