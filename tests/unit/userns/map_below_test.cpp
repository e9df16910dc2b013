// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

TEST(MapBelow, IdsOfOursBecomeThoseOfTheNamespace) {
  // This process is in the namespace that is to be joined: what it calls its own is the same below.
  const std::vector<IdMapping> own = ParseMapFile(sys::ReadFile("/proc/self/uid_map").value());
  ASSERT_FALSE(own.empty());
  IdMap map;
  map.uids = {{0, own[0].outside, 1}};
  map.gids = {{0, ParseMapFile(sys::ReadFile("/proc/self/gid_map").value())[0].outside, 1}};
  const IdMap below = MapBelow(map, ::getpid()).value();
  ASSERT_EQ(below.uids.size(), 1U);
  EXPECT_EQ(below.uids[0].outside, own[0].inside);
  EXPECT_EQ(below.uids[0].count, 1U);
}

TEST(TranslateMap, IsCutWhereTheParentsRangesEnd) {
  const std::vector<IdMapping> parent = {{0, 1000, 1}, {1, 100000, 65536}};
  const auto out = TranslateMap({{0, 1000, 1}, {1, 100000, 65536}}, parent).value();
  EXPECT_EQ(out, (std::vector<IdMapping>{{0, 0, 1}, {1, 1, 65536}}));
  const auto cut = TranslateMap({{5, 100000, 20}}, {{0, 100000, 10}, {50, 100010, 10}}).value();
  EXPECT_EQ(cut, (std::vector<IdMapping>{{5, 0, 10}, {15, 50, 10}}));
}

TEST(TranslateMap, AnIdThatTheParentLacksIsRefused) {
  EXPECT_FALSE(TranslateMap({{0, 999, 1}}, {{0, 1000, 1}}).ok());
  EXPECT_FALSE(TranslateMap({{0, 1000, 2}}, {{0, 1000, 1}}).ok());
  EXPECT_TRUE(TranslateMap({}, {{0, 1000, 1}})->empty());
}

}  // namespace
}  // namespace ctool::userns
