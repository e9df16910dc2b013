// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

#include "base/clock.hpp"
#include "engine/input_time.hpp"
#include "engine/journal_export.hpp"
#include "engine/k8s_log.hpp"
#include "engine/log_tail_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr char kTime[] = "2026-01-02T03:04:05.000000000+00:00";

TEST(LogLine, Entries) {
  const std::string head = std::string(kTime) + " ", line = head + "stdout F some text ";
  std::optional<LogEntry> e = ParseLogLine(line);
  ASSERT_TRUE(e);
  EXPECT_EQ(e->time, kTime);
  EXPECT_EQ(e->text, "some text ");
  EXPECT_FALSE(e->partial || e->is_stderr);
  const std::string empty = head + "stderr P ", tagged = head + "stdout F:tag x";
  e = ParseLogLine(empty);
  ASSERT_TRUE(e && e->partial && e->is_stderr);
  EXPECT_EQ(e->text, "");
  EXPECT_TRUE(ParseLogLine(head + "stdout F"));
  EXPECT_EQ(ParseLogLine(tagged)->text, "x");
  EXPECT_EQ(ParseLogLine("2026-01-02T03:04:05Z stdout F x")->text, "x");
}

TEST(LogLine, WhatIsNone) {
  const std::string head = std::string(kTime) + " ";
  for (const std::string& line : {std::string(), std::string("x"), head, head + "stdout ", head + "stdin F x", head + "stdout X x",
                                  head + "stdout FF x", std::string("2026-01-02 03:04:05.000 stdout F x"), " " + head + "stdout F x",
                                  std::string(50, '2') + " stdout F x", std::string(1000, '\0')})
    EXPECT_FALSE(ParseLogLine(line)) << line;
}

TEST(LineCutter, CutsAcrossReadsAndGivesUpEndlessLines) {
  LineCutter cutter;
  const auto put = [&](std::string_view text) {
    while (!text.empty()) {
      size_t size = 0;
      char* to = cutter.Space(size);
      const size_t n = std::min(size, text.size());
      std::memcpy(to, text.data(), n);
      cutter.Filled(n);
      text.remove_prefix(n);
    }
  };
  put("a\nb");
  EXPECT_EQ(cutter.Next(), "a");
  EXPECT_FALSE(cutter.Next());
  EXPECT_EQ(cutter.Rest(), "b");
  put("c\n\n");
  EXPECT_EQ(cutter.Next(), "bc");
  EXPECT_EQ(cutter.Next(), "");
  EXPECT_EQ(cutter.position(), 6u);
  EXPECT_FALSE(cutter.Next());
  const std::string endless(LineCutter::kMaxLine * 3, 'x');
  for (size_t i = 0; i < endless.size(); i += 65536) {
    put(std::string_view(endless).substr(i, 65536));
    EXPECT_FALSE(cutter.Next());
  }
  put("\nafter\n");
  EXPECT_EQ(cutter.Next(), "after");
  EXPECT_EQ(cutter.position(), 6 + endless.size() + 7);
}

class Tail : public ::testing::Test {
 protected:
  void Add(const std::string& kinds) {  // "oF" is a whole line of stdout
    std::string text;
    for (size_t i = 0; i + 1 < kinds.size(); i += 2)
      text += std::string(kTime) + (kinds[i] == 'o' ? " stdout " : " stderr ") + kinds[i + 1] + " .\n";
    sys::Fd fd(::memfd_create("log", MFD_CLOEXEC));
    ASSERT_TRUE(sys::WriteAll(fd.get(), text, "log").ok());
    parts_.push_back(std::move(fd));
  }
  // By the number of the entry.
  std::array<uint64_t, 2> Find(int64_t lines) {
    static const uint64_t kEntry = std::strlen(kTime) + std::strlen(" stdout F .\n");
    std::array<uint64_t, 2> from = FindTail(parts_, lines).value();
    for (uint64_t& f : from) f /= kEntry;
    return from;
  }
  using From = std::array<uint64_t, 2>;
  std::deque<sys::Fd> parts_;
};

TEST_F(Tail, WholeLines) {
  Add("oFoFoF");
  EXPECT_EQ(Find(0), (From{3, 3}));
  EXPECT_EQ(Find(1), (From{2, 3}));
  EXPECT_EQ(Find(9), (From{0, 3}));
}
TEST_F(Tail, LinesInPieces) {
  Add("oFoPoPoF");
  EXPECT_EQ(Find(1), (From{1, 4}));
  EXPECT_EQ(Find(2), (From{0, 4}));
}
TEST_F(Tail, TheOtherStreamInBetween) {
  Add("oFoPeFoF");
  EXPECT_EQ(Find(1), (From{1, 4}));
  EXPECT_EQ(Find(2), (From{1, 2}));
}
TEST_F(Tail, AnUnfinishedLineCounts) {
  Add("oFoPoP");
  EXPECT_EQ(Find(1), (From{1, 3}));
  EXPECT_EQ(Find(2), (From{0, 3}));
}
TEST_F(Tail, OverTwoFiles) {
  Add("oFoP");
  Add("oFoF");
  EXPECT_EQ(Find(1), (From{3, 4}));
  EXPECT_EQ(Find(2), (From{1, 4}));
}
TEST_F(Tail, OfNothing) {
  EXPECT_EQ(Find(3), (From{0, 0}));
  Add("");
  EXPECT_EQ(Find(3), (From{0, 0}));
}

TEST(JournalExport, Entries) {
  const std::string text = "__CURSOR=x\n__REALTIME_TIMESTAMP=1500000000000001\nPRIORITY=3\nMESSAGE=one\n\n"
                           "_SOURCE_REALTIME_TIMESTAMP=5\n__REALTIME_TIMESTAMP=9\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE\n" +
                           std::string("\3\0\0\0\0\0\0\0a\nb\n", 12) + "\n";
  std::string_view data = text;
  std::optional<JournalEntry> e = TakeJournalEntry(data);
  ASSERT_TRUE(e);
  EXPECT_EQ(e->message, "one");
  EXPECT_TRUE(e->is_stderr && !e->partial);
  EXPECT_EQ(e->time, 1500000000000001000);
  const std::string_view second = data;
  e = TakeJournalEntry(data);
  ASSERT_TRUE(e);
  EXPECT_EQ(e->message, "a\nb");
  EXPECT_EQ(e->time, 5000);
  EXPECT_TRUE(e->partial && !e->is_stderr);
  EXPECT_TRUE(data.empty());
  for (size_t i = 0; i < second.size(); ++i) {
    std::string_view part = second.substr(0, i);
    EXPECT_FALSE(TakeJournalEntry(part)) << i;
    EXPECT_EQ(part.size(), i);
  }
}

TEST(InputTime, Forms) {
  const auto parse = [](std::string_view text) { return ParseInputTime(text, Direction::kSince).value(); };
  constexpr int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(parse("1970-01-02"), 86400 * kSecond);
  EXPECT_EQ(parse("1970-01-02T00:00:01"), 86401 * kSecond);
  EXPECT_EQ(parse("1970-01-02T00:00:01.5"), 86401 * kSecond + kSecond / 2);
  EXPECT_EQ(parse("1970-01-02T01:00:00+01:00"), 86400 * kSecond);
  EXPECT_EQ(parse("1970-01-02+01:00"), 82800 * kSecond);
  EXPECT_EQ(parse("12"), 12 * kSecond);
  EXPECT_EQ(parse("12.25"), 12 * kSecond + kSecond / 4);
  EXPECT_NEAR(static_cast<double>(parse("1h")), static_cast<double>(WallNanos() - 3600 * kSecond), 1e9);
  EXPECT_NEAR(static_cast<double>(ParseInputTime("1h", Direction::kUntil).value()), static_cast<double>(WallNanos() + 3600 * kSecond), 1e9);
  for (const char* text : {"", "x", "12x", "1970-01-02 00:00:01", "1970-13-02", "1e99", "nan", "--", "1970-01-02T"})
    EXPECT_FALSE(ParseInputTime(text, Direction::kSince).ok()) << text;
}

}  // namespace
}  // namespace ctool::engine
