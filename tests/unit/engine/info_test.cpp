// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/host_facts.hpp"

namespace ctool::engine {
namespace {

TEST(InfoTest, OsRelease) {
  const auto values =
      ParseOsRelease("# comment\nID=debian\nVERSION_ID=\"12\"\nNAME='A B'\nbroken\n\nEMPTY=\n");
  EXPECT_EQ(values.at("ID"), "debian");
  EXPECT_EQ(values.at("VERSION_ID"), "12");
  EXPECT_EQ(values.at("NAME"), "A B");
  EXPECT_EQ(values.at("EMPTY"), "");
  EXPECT_EQ(values.size(), 4U);
}

TEST(InfoTest, MemoryInfo) {
  const MemoryInfo info = ParseMemoryInfo(
      "MemTotal:       16384 kB\nMemFree:  1024 kB\nHugePages_Total:    3\nSwapTotal: 8 kB\n");
  EXPECT_EQ(info.total, 16384 << 10);
  EXPECT_EQ(info.free, 1024 << 10);
  EXPECT_EQ(info.swap_total, 8 << 10);
  EXPECT_EQ(info.swap_free, 0);
  EXPECT_EQ(ParseMemoryInfo("MemTotal: kB\n: kB\n kB\n").total, 0);
}

TEST(InfoTest, UptimeText) {
  EXPECT_EQ(UptimeText(61.5), "0h 1m 1.50s");
  EXPECT_EQ(UptimeText(90061), "25h 1m 1.00s (Approximately 1.04 days)");
}

TEST(InfoTest, FilesystemName) {
  EXPECT_EQ(FilesystemName(0xef53), "extfs");
  EXPECT_EQ(FilesystemName(0x12345), "0x12345");
}

}  // namespace
}  // namespace ctool::engine
