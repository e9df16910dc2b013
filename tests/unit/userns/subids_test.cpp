// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

using Ranges = std::vector<SubidRange>;
using Map = std::vector<IdMapping>;
const Map kHost = {{0, 0, UINT32_MAX}};

Ranges Of(std::string_view text) { return ParseSubids(text, "ann", 1000); }

TEST(ParseSubids, ByNameAndByUidInFileOrder) {
  EXPECT_EQ(Of("bob:1:1\nann:100000:65536\n1000:300000:10\nann:200000:5\n"),
            (Ranges{{100000, 65536}, {300000, 10}, {200000, 5}}));
}

TEST(ParseSubids, OwnersMatchWhole) {
  EXPECT_EQ(Of("anna:1:1\nan:2:1\nxann:3:1\n10001:4:1\n100:5:1\n01000:6:1\nANN:7:1\n"), Ranges{});
  EXPECT_EQ(ParseSubids(":1:1\nann:2:1\n1000:3:1\n", "", 1000), (Ranges{{3, 1}}));
}

TEST(ParseSubids, LastLineNeedsNoNewline) { EXPECT_EQ(Of("ann:7:2"), (Ranges{{7, 2}})); }

TEST(ParseSubids, MalformedLinesAreSkipped) {
  for (const char* line : {"ann",
                           "ann:",
                           "ann:1",
                           "ann:1:",
                           "ann::1",
                           "ann:-1:5",
                           "ann:1:-5",
                           "ann:0x10:5",
                           "ann:1:0x5",
                           "ann: 1:5",
                           "ann:1: 5",
                           "ann:1:5 ",
                           "ann:\t1:5",
                           "ann:1:5 # mine",
                           "ann:1:5\r",
                           "ann:1:5:6",
                           "ann:1:0",
                           "ann:+1:5",
                           " ann:1:5",
                           "ann :1:5",
                           "#ann:1:5",
                           "ann:1:99999999999999999999",
                           "ann:99999999999999999999:1"})
    EXPECT_EQ(Of(std::string(line) + "\nann:9:9\n"), (Ranges{{9, 9}})) << line;
}

TEST(ParseSubids, RangesEndBelowTheInvalidId) {
  EXPECT_EQ(Of("ann:0:4294967296\nann:1:4294967295\nann:4294967295:1\nann:4294967294:2\n"),
            Ranges{});
  EXPECT_EQ(Of("ann:4294967294:1\nann:0:4294967295\n"), (Ranges{{4294967294, 1}, {0, 4294967295}}));
}

TEST(ParseSubids, BlankLinesAndNulBytes) {
  EXPECT_EQ(Of("\n\n\nann:9:9\n\n"), (Ranges{{9, 9}}));
  EXPECT_EQ(Of(std::string_view("ann\0:1:1\nann:2\0:1\nann:9:9\n", 25)), (Ranges{{9, 9}}));
}

TEST(ParseSubids, AMillionLines) {
  std::string text;
  for (int i = 0; i < 1000000; ++i) text += "user" + std::to_string(i) + ":1:1\n";
  text += "ann:5:6\n";
  EXPECT_EQ(Of(text), (Ranges{{5, 6}}));
}

TEST(FirstFreeId, AboveEveryRange) {
  EXPECT_EQ(FirstFreeId("a:100000:65536\nb:1:1\nc:bad:1\n"), 165536u);
  EXPECT_EQ(FirstFreeId(""), 0u);
}

TEST(LayOut, OwnIdThenRanges) {
  EXPECT_EQ(LayOut(1000, {{100000, 10}, {500, 5}}, kHost),
            (Map{{0, 1000, 1}, {1, 100000, 10}, {11, 500, 5}}));
}

TEST(LayOut, OverlapsAreCutOut) {
  EXPECT_EQ(LayOut(1000, {{100, 100}, {100, 100}, {150, 100}, {50, 500}}, kHost),
            (Map{{0, 1000, 1}, {1, 100, 100}, {101, 200, 50}, {151, 50, 50}, {201, 250, 300}}));
}

TEST(LayOut, OwnIdIsCutOut) {
  EXPECT_EQ(LayOut(1000, {{999, 3}}, kHost), (Map{{0, 1000, 1}, {1, 999, 1}, {2, 1001, 1}}));
}

TEST(LayOut, HostRootIsNeverPassedOn) {
  EXPECT_EQ(LayOut(1000, {{0, 3}}, kHost), (Map{{0, 1000, 1}, {1, 1, 2}}));
}

TEST(LayOut, OnlyIdsThatTheCallersNamespaceKnows) {
  const Map outer = {{0, 1000, 1}, {1, 100000, 65536}};
  EXPECT_EQ(LayOut(0, {{65000, 65536}}, outer), (Map{{0, 0, 1}, {1, 65000, 537}}));
  EXPECT_EQ(LayOut(0, {{100000, 65536}}, outer), (Map{{0, 0, 1}}));
}

TEST(LayOut, TheWholeIdSpaceDoesNotWrap) {
  const Map map = LayOut(1000, {{0, UINT32_MAX}}, kHost);
  ASSERT_EQ(map.size(), 3u);
  EXPECT_EQ(map[2], (IdMapping{1000, 1001, UINT32_MAX - 1001}));
  EXPECT_TRUE(MapsInside(map, UINT32_MAX - 2));
  EXPECT_FALSE(MapsInside(map, UINT32_MAX - 1));
}

TEST(LayOut, KeepsToTheKernelsLimits) {
  Ranges one_id_each, wide;
  for (uint32_t i = 0; i < 400; ++i) {
    one_id_each.push_back({2 + 2 * i, 1});
    wide.push_back({1000000000 + 70000 * i, 65536});
  }
  EXPECT_EQ(LayOut(1000, one_id_each, kHost).size(), kMaxExtents);
  const Map map = LayOut(1000, wide, kHost);
  EXPECT_LE(PrintMap(map).size(), kMaxMapBytes);
  EXPECT_GT(PrintMap(map).size(), kMaxMapBytes - 40);
}

TEST(ParseMapFile, TheKernelsFormat) {
  EXPECT_EQ(ParseMapFile("         0          0 4294967295\n"), kHost);
  EXPECT_EQ(ParseMapFile("0 1000 1\n         1     100000      65536\n"),
            (Map{{0, 1000, 1}, {1, 100000, 65536}}));
  EXPECT_EQ(ParseMapFile("0 x 1\n"), Map{});
  EXPECT_EQ(ParseMapFile(""), Map{});
}

TEST(MapsInside, BoundsAreExact) {
  const Map map = {{0, 1000, 1}, {10, 100, 5}};
  EXPECT_TRUE(MapsInside(map, 0));
  EXPECT_FALSE(MapsInside(map, 1));
  EXPECT_FALSE(MapsInside(map, 9));
  EXPECT_TRUE(MapsInside(map, 14));
  EXPECT_FALSE(MapsInside(map, 15));
  EXPECT_FALSE(MapsInside({}, 0));
}

class DefaultMapFiles : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(dir_.data()), nullptr);
    files_ = {dir_ + "/subuid", dir_ + "/subgid"};
    owner_ = std::to_string(::geteuid());
  }
  void TearDown() override { EXPECT_TRUE(sys::RemoveTree(dir_).ok()); }
  void Write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(sys::WriteFileAtomic(path, text, 0644, sys::Durability::kNone).ok());
  }

  std::string dir_ = "/tmp/subids_test.XXXXXX", owner_;
  SubidFiles files_;
};

TEST_F(DefaultMapFiles, RangesOfTheCaller) {
  Write(files_.subuid, "someone:1:1\n" + owner_ + ":700000:10\n" + owner_ + ":800000:5\n");
  Write(files_.subgid, owner_ + ":900000:7\n");
  const Result<IdMap> map = DefaultMap(files_);
  ASSERT_TRUE(map.ok()) << map.error().Message();
  if (InUserNamespace()) GTEST_SKIP() << "the ranges may be unknown here";
  ASSERT_FALSE(map->single_id) << map->degraded_reason;
  EXPECT_EQ(map->uids, (Map{{0, ::geteuid(), 1}, {1, 700000, 10}, {11, 800000, 5}}));
  EXPECT_EQ(map->gids, (Map{{0, ::getegid(), 1}, {1, 900000, 7}}));
  EXPECT_EQ(map->degraded_reason, "");
}

TEST_F(DefaultMapFiles, MissingFilesGiveASingleId) {
  const Result<IdMap> map = DefaultMap(files_);
  ASSERT_TRUE(map.ok());
  EXPECT_TRUE(map->single_id);
  EXPECT_EQ(map->uids, (Map{{0, ::geteuid(), 1}}));
  EXPECT_EQ(map->gids, (Map{{0, ::getegid(), 1}}));
  EXPECT_EQ(map->newuidmap, "");
  EXPECT_NE(map->degraded_reason.find(files_.subuid + " (no such file)"), std::string::npos)
      << map->degraded_reason;
}

TEST_F(DefaultMapFiles, OnlyOneFileHasRanges) {
  Write(files_.subuid, owner_ + ":700000:10\n");
  Write(files_.subgid, "someone-else:900000:7\n");
  const Result<IdMap> map = DefaultMap(files_);
  ASSERT_TRUE(map.ok());
  EXPECT_TRUE(map->single_id);
  if (InUserNamespace()) GTEST_SKIP() << "the ranges may be unknown here";
  EXPECT_NE(map->degraded_reason.find("in " + files_.subgid), std::string::npos)
      << map->degraded_reason;
}

TEST_F(DefaultMapFiles, TheHintProposesAFreeRange) {
  if (InUserNamespace()) GTEST_SKIP() << "another hint there";
  Write(files_.subuid, "someone:100000:65536\n");
  Write(files_.subgid, "someone:100000:131072\n");
  const Result<IdMap> map = DefaultMap(files_);
  ASSERT_TRUE(map.ok());
  EXPECT_NE(map->degraded_hint.find("231072"), std::string::npos) << map->degraded_hint;
}

TEST_F(DefaultMapFiles, AMalformedLineOfTheUserIsNamed) {
  Write(files_.subuid, "someone:100000:65536\n" + owner_ + ":200000:65536\r\n");
  Write(files_.subgid, "");
  const Result<IdMap> map = DefaultMap(files_);
  ASSERT_TRUE(map.ok());
  EXPECT_TRUE(map->single_id);
  EXPECT_NE(map->degraded_reason.find("line 2 is malformed"), std::string::npos)
      << map->degraded_reason;
}

TEST_F(DefaultMapFiles, FifoAndDirectoryAreErrors) {
  ASSERT_EQ(::mkfifo(files_.subuid.c_str(), 0644), 0);
  Result<IdMap> map = DefaultMap(files_);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().code(), Code::kCorrupt);
  ASSERT_EQ(::unlink(files_.subuid.c_str()), 0);
  ASSERT_EQ(::mkdir(files_.subuid.c_str(), 0755), 0);
  map = DefaultMap(files_);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().code(), Code::kCorrupt);
}

TEST_F(DefaultMapFiles, AFileWithoutEndIsAnError) {
  Write(files_.subgid, "");
  ASSERT_EQ(::truncate(files_.subgid.c_str(), 65 << 20), 0);
  const Result<IdMap> map = DefaultMap(files_);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace ctool::userns
