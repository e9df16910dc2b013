// SPDX-License-Identifier: Apache-2.0
#include "cgroup/limits.hpp"

#include <gtest/gtest.h>

#include "cgroup/group.hpp"
#include "cgroup/place.hpp"

namespace ctool::cgroup {
namespace {

std::string Text(const Limits& limits) {
  const Result<std::vector<Setting>> settings = SettingsOf(limits);
  if (!settings.ok()) return settings.error().Message();
  std::string text;
  for (const Setting& s : *settings) text += s.file + "=" + s.value + (s.option.empty() ? "" : " (" + s.option + ")") + "\n";
  return text;
}

std::string Wrong(const Limits& limits) {
  const Status checked = CheckLimits(limits);
  return checked.ok() ? "" : checked.error().Message();
}

TEST(LimitsTest, NothingAskedForWritesNothing) { EXPECT_EQ(Text({}), ""); }

TEST(LimitsTest, Memory) {
  Limits l;
  l.memory = 64 << 20;
  EXPECT_EQ(Text(l), "memory.max=67108864 (--memory)\nmemory.swap.max=67108864\n");
  l.memory_swap = 100 << 20;  // of both together
  EXPECT_EQ(Text(l), "memory.max=67108864 (--memory)\nmemory.swap.max=37748736 (--memory-swap)\n");
  l.memory_swap = -1;
  l.memory_reservation = 1 << 20;
  EXPECT_EQ(Text(l), "memory.low=1048576 (--memory-reservation)\nmemory.max=67108864 (--memory)\nmemory.swap.max=max (--memory-swap)\n");
}

TEST(LimitsTest, Processor) {
  Limits l;
  l.cpus = 1.5;
  EXPECT_EQ(Text(l), "cpu.max=150000 100000 (--cpus)\n");
  l = {};
  l.cpu_quota = 20000;
  EXPECT_EQ(Text(l), "cpu.max=20000 100000 (--cpu-quota)\n");
  l = {};
  l.cpu_period = 50000;
  EXPECT_EQ(Text(l), "cpu.max=max 50000 (--cpu-period)\n");
}

// crun's and systemd's conversion.
TEST(LimitsTest, SharesBecomeAWeight) {
  Limits l;
  for (const auto& [shares, weight] : {std::pair(2, "1"), {1024, "39"}, {262144, "10000"}, {1, "1"}}) {
    l.cpu_shares = shares;
    EXPECT_EQ(Text(l), std::string("cpu.weight=") + weight + " (--cpu-shares)\n");
  }
}

TEST(LimitsTest, Processes) {
  Limits l;
  l.pids = 20;
  EXPECT_EQ(Text(l), "pids.max=20 (--pids-limit)\n");
  l.pids_by_default = true;  // nobody misses it
  EXPECT_EQ(Text(l), "pids.max=20\n");
  for (const int none : {-1, 0}) {
    l.pids = none;
    EXPECT_EQ(Text(l), "pids.max=max\n");
  }
}

TEST(LimitsTest, WeightOfDisks) {
  Limits l;
  for (const auto& [weight, value] : {std::pair(10, "1"), {1000, "10000"}}) {
    l.blkio_weight = weight;
    EXPECT_EQ(Text(l), std::string("io.weight=default ") + value + " (--blkio-weight)\n");
  }
}

TEST(LimitsTest, DevicesMustBeDisks) {
  Limits l;
  l.read_bps = {{"/dev/null", 10}};
  EXPECT_EQ(Text(l), "'/dev/null' is not a block device");
  l.read_bps = {{"/dev/no-such-device", 10}};
  EXPECT_NE(Text(l).find("no-such-device"), std::string::npos);
}

TEST(LimitsTest, ConfIsWrittenAsItIs) {
  Limits l;
  l.conf = {"memory.high=100", "hugetlb.2MB.max=0"};
  EXPECT_EQ(Wrong(l), "");
  EXPECT_EQ(Text(l), "memory.high=100 (--cgroup-conf)\nhugetlb.2MB.max=0 (--cgroup-conf)\n");
}

TEST(LimitsTest, ConfIsNoWayOut) {
  for (const char* text : {"cgroup.procs=1", "cgroup.subtree_control=+memory", "../memory.max=1", "a/b.c=1", "memory", ".x=1", "cgroup.kill=1"}) {
    Limits l;
    l.conf = {text};
    EXPECT_NE(Wrong(l), "") << text;
  }
}

TEST(LimitsTest, Contradictions) {
  Limits l;
  l.memory = 100;
  l.memory_swap = 50;
  EXPECT_NE(Wrong(l).find("minimum memoryswap limit should be larger than memory limit"), std::string::npos);
  l = {};
  l.memory_swap = 50;
  EXPECT_NE(Wrong(l).find("you should always set a memory limit"), std::string::npos);
  l = {};
  l.memory = 10;
  l.memory_reservation = 20;
  EXPECT_NE(Wrong(l).find("cannot be less than memory reservation"), std::string::npos);
  l = {};
  l.cpuset_cpus = "0-x";
  EXPECT_NE(Wrong(l), "");
  l.cpuset_cpus = "0-2,5";
  EXPECT_EQ(Wrong(l), "");
  l = {};
  l.blkio_weight = 5;
  EXPECT_EQ(Wrong(l), "range of blkio weight is from 10 to 1000");
  l = {};
  l.pids = -2;
  EXPECT_NE(Wrong(l), "");
  l = {};
  l.cpu_period = 10;
  EXPECT_NE(Wrong(l), "");
}

TEST(GroupTest, PathOfAProcess) {
  EXPECT_EQ(PathIn("0::/user.slice/user-1000.slice\n"), "/user.slice/user-1000.slice");
  EXPECT_EQ(PathIn("12:cpu:/x\n0::/\n"), "/");
  EXPECT_EQ(PathIn("1:name=systemd:/x\n"), "");
  // Of a process outside of our cgroup namespace.
  EXPECT_EQ(PathIn("0::/../other\n"), "");
}

TEST(GroupTest, ValuesByTheirWord) {
  const char* events = "low 0\nhigh 1\nmax 20\noom 3\noom_kill 2\noom_group_kill 0\n";
  EXPECT_EQ(ValueOf(events, "oom_kill"), 2);
  EXPECT_EQ(ValueOf(events, "oom"), 3);
  EXPECT_EQ(ValueOf(events, "oo"), std::nullopt);
  EXPECT_EQ(ValueOf("", "x"), std::nullopt);
  EXPECT_EQ(ValueOf("x y", "x"), std::nullopt);
}

TEST(PlaceTest, SliceAndManagerMustGoTogether) {
  const Result<Place> place = FindPlace({kCgroupfs, "x.slice", false});
  ASSERT_FALSE(place.ok());
  EXPECT_EQ(place.error().Message(), "systemd slice received as cgroup parent when using cgroupfs: invalid argument");
}

}  // namespace
}  // namespace ctool::cgroup
