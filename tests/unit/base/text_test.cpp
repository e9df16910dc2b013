// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace ctool {
namespace {

TEST(Printable, KeepsTextAndEscapesWhatDrivesATerminal) {
  EXPECT_EQ(Printable("plain \u00e9\u4e16"), "plain \u00e9\u4e16");
  EXPECT_EQ(Printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(Printable("line\nline\r\t\x7f"), "line\\x0aline\\x0d\\x09\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b") << "a C1 control sequence introducer";
  EXPECT_EQ(Printable("\xff\xc0\xaf"), "\\xff\\xc0\\xaf") << "invalid and overlong UTF-8";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
}

TEST(Quote, EscapesItsOwnMarks) { EXPECT_EQ(Quote("a\"b"), "\"a\\\"b\""); }

TEST(Numbers, AreWholeOrNothing) {
  EXPECT_EQ(ParseUint("42"), 42u);
  EXPECT_EQ(ParseInt("-1"), -1);
  for (const char* bad : {"", "+1", " 1", "1 ", "0x1", "1x", "18446744073709551616"})
    EXPECT_FALSE(ParseUint(bad)) << bad;
  EXPECT_FALSE(ParseUint("-1"));
}

TEST(RandomHexId, HasSixtyFourHexDigitsAndDiffers) {
  const std::string id = RandomHexId();
  EXPECT_EQ(id.size(), 64u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(id, RandomHexId());
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(Split("a::b", ':'), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Split("", ':'), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace ctool
