// SPDX-License-Identifier: Apache-2.0
#include "cli/gotext.hpp"

#include <gtest/gtest.h>

#include "cli/gofmt.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

TEST(GoInt, BasesSignsAndUnderscores) {
  const std::pair<std::string_view, int64_t> good[] = {
      {"0", 0}, {"42", 42}, {"-42", -42}, {"+7", 7}, {"0x1F", 31}, {"0b11", 3}, {"0o17", 15},
      {"017", 15}, {"1_000", 1000}, {"0x_ff", 255}, {"-9223372036854775808", INT64_MIN},
      {"9223372036854775807", INT64_MAX}};
  for (const auto& [text, value] : good) {
    const auto r = ParseGoInt(text);
    ASSERT_TRUE(r.ok()) << text;
    EXPECT_EQ(*r, value) << text;
  }
  for (const std::string_view text :
       {"", "-", "x", "1x", "08", "0x", "_1", "1_", "1__0", " 1", "1 ", "--1", "1.0", "0b2", "-0x"})
    EXPECT_FALSE(ParseGoInt(text).ok()) << text;
  EXPECT_EQ(ParseGoInt("9223372036854775808").error().Message(),
            "strconv.ParseInt: parsing \"9223372036854775808\": value out of range");
  EXPECT_EQ(ParseGoInt("a\nb").error().Message(),
            "strconv.ParseInt: parsing \"a\\nb\": invalid syntax");
  EXPECT_FALSE(ParseGoUint("-1").ok());
  EXPECT_FALSE(ParseGoUint("+1").ok());
  EXPECT_EQ(*ParseGoUint("18446744073709551615"), UINT64_MAX);
  EXPECT_FALSE(ParseGoUint("18446744073709551616").ok());
}

TEST(GoFloat, ReadsWhatGoReads) {
  const std::pair<std::string_view, double> good[] = {{"1", 1},     {"1.5", 1.5}, {".5", .5},
                                                      {"1.", 1},    {"-2e3", -2000}, {"+1e-2", .01},
                                                      {"0x1p4", 16}};
  for (const auto& [text, value] : good) {
    const auto r = ParseGoFloat(text);
    ASSERT_TRUE(r.ok()) << text;
    EXPECT_EQ(*r, value) << text;
  }
  for (const std::string_view text : {"", "-", "x", "1x", "--1", "1 ", "nan(1)", "+-1", "1e"})
    EXPECT_FALSE(ParseGoFloat(text).ok()) << text;
}

TEST(GoFloat, ShortestText) {
  EXPECT_EQ(FormatGoFloat(1.5, 'g', -1), "1.5");
  EXPECT_EQ(FormatGoFloat(100000, 'g', -1), "100000");
  EXPECT_EQ(FormatGoFloat(1000000, 'g', -1), "1e+06");
  EXPECT_EQ(FormatGoFloat(0.0001, 'g', -1), "0.0001");
  EXPECT_EQ(FormatGoFloat(0.00001, 'g', -1), "1e-05");
  EXPECT_EQ(FormatGoFloat(-0.0, 'g', -1), "-0");
  EXPECT_EQ(FormatGoFloat(1.7976931348623157e308, 'f', -1).size(), 309u);
}

TEST(GoBool, OnlyItsTwelveWords) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    EXPECT_TRUE(*ParseGoBool(yes));
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    EXPECT_FALSE(*ParseGoBool(no));
  for (const std::string_view bad : {"", "yes", "tRUE", "2", " true"})
    EXPECT_FALSE(ParseGoBool(bad).ok());
}

TEST(GoQuote, EscapesWhatDoesNotPrint) {
  EXPECT_EQ(GoQuote("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(GoQuote("\t\n\x01\x7f"), R"("\t\n\x01\x7f")");
  EXPECT_EQ(GoQuote("h\u00e9 \u4e2d"), "\"h\u00e9 \u4e2d\"");
  EXPECT_EQ(GoQuote("\u00a0\u200b\ufeff\U0010ffff"), R"("\u00a0\u200b\ufeff\U0010ffff")");
  EXPECT_EQ(GoQuote("\xff\xc3"), R"("\xff\xc3")");
  EXPECT_EQ(GoQuoteRune('\''), R"('\'')");
  EXPECT_EQ(GoQuoteRune('x'), "'x'");
}

TEST(Runes, BrokenUtf8IsOneRuneAByte) {
  EXPECT_EQ(RuneCount("abc"), 3u);
  EXPECT_EQ(RuneCount("h\u00e9\u4e2d\U0001f600"), 4u);
  EXPECT_EQ(RuneCount("\xc3\x28"), 2u);
  EXPECT_EQ(RuneCount("\xed\xa0\x80"), 3u);  // a surrogate
  EXPECT_EQ(RuneCount("\xf5\x80\x80\x80"), 4u);
  EXPECT_EQ(RuneCount("\xe2\x82"), 2u);
}

TEST(Comma, IsOneLineOfCsv) {
  const auto split = [](std::string_view text) { return *SplitComma(text); };
  using List = std::vector<std::string>;
  EXPECT_EQ(split(""), List{});
  EXPECT_EQ(split("a"), List{"a"});
  EXPECT_EQ(split("a,,b,"), (List{"a", "", "b", ""}));
  EXPECT_EQ(split("\"a,b\",c"), (List{"a,b", "c"}));
  EXPECT_EQ(split("\"a\"\"b\""), List{"a\"b"});
  EXPECT_FALSE(SplitComma("a\"b").ok());
  EXPECT_FALSE(SplitComma("\"a").ok());
  EXPECT_FALSE(SplitComma("\"a\"b").ok());
}

TEST(Durations, AsGoWritesThem) {
  const std::pair<int64_t, std::string_view> cases[] = {
      {0, "0s"}, {1, "1ns"}, {1500, "1.5µs"}, {2'000'000, "2ms"}, {30'000'000'000, "30s"},
      {90'000'000'000, "1m30s"}, {3'600'000'000'000, "1h0m0s"}, {-1'500'000'000, "-1.5s"},
      {3'661'001'000'000, "1h1m1.001s"}, {INT64_MIN, "-2562047h47m16.854775808s"}};
  for (const auto& [nanos, text] : cases) EXPECT_EQ(DurationText(nanos), text);
}

TEST(Printf, ComplainsInTheText) {
  const Value args[] = {Value("a"), Value(5)};
  EXPECT_EQ(Sprintf("%s %d", args), "a 5");
  EXPECT_EQ(Sprintf("%d %s", args), "%!d(string=a) %!s(int=5)");
  EXPECT_EQ(Sprintf("%s", args), "a%!(EXTRA int=5)");
  EXPECT_EQ(Sprintf("%s %d %d", args), "a 5 %!d(MISSING)");
  EXPECT_EQ(Sprintf("%[9]d", args), "%!d(BADINDEX)");
  EXPECT_EQ(Sprintf("%*d", args), "%!(BADWIDTH)5");
  EXPECT_EQ(Sprintf("%99999999d", args), "%!(NOVERB)%!(EXTRA string=a, int=5)");
}

}  // namespace
}  // namespace ctool::cli
