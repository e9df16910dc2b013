// SPDX-License-Identifier: Apache-2.0
#include "build/expand.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/text.hpp"
#include "build/limits.hpp"
#include "build/pattern.hpp"

namespace ctool::build {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

Lookup In(const Values& values) {
  return [&values](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

const Values kValues = {{"PWD", "/home"}, {"SHELL", "bash"}, {"NULL", ""}, {"KOREAN", "\xed\x95\x9c"}};

std::string Expanded(std::string_view text, const Values& values = kValues, char escape = '\\') {
  const Lookup lookup = In(values);
  const auto result = Expand(text, lookup, escape);
  return result.ok() ? result->text : "error: " + result.error().text();
}

struct Case {
  std::string_view input, expected;
};

TEST(Expand, QuotesAndEscapes) {
  const Case cases[] = {
      {"hello", "hello"},
      {"he\\llo", "hello"},
      {"he\\\\llo", "he\\llo"},
      {"he'll'o", "hello"},
      {"he'l\\l'o", "hel\\lo"},
      {"\"he llo\"", "he llo"},
      {"\"he\\\"llo\"", "he\"llo"},
      {"\"he\\llo\"", "he\\llo"},
      {"\"he\\$PWD\"", "he$PWD"},
      {"\"he'$PWD'\"", "he'/home'"},
      {"'$PWD'", "$PWD"},
      {"he\\$PWD", "he$PWD"},
      {"he\\${PWD}", "he${PWD}"},
      {"trailing\\", "trailing"},
      {"\"\"", ""},
      {"'a", "error: unexpected end of statement while looking for matching single-quote"},
      {"a\"b", "error: unexpected end of statement while looking for matching double-quote"}};
  for (const Case& one : cases) EXPECT_EQ(Expanded(one.input), one.expected) << one.input;
}

TEST(Expand, Variables) {
  const Case cases[] = {
      {"$PWD", "/home"},
      {"he$PWD.", "he/home."},
      {"he${PWD}xx", "he/homexx"},
      {"he$PWDxx", "he"},
      {"$", "$"},
      {"a$ b", "a$ b"},
      {"$.x", "$.x"},
      {"$12x", "x"},
      {"$$x", "x"},
      {"$@y", "y"},
      {"${UNSET}", ""},
      {"$KOREAN", "\xed\x95\x9c"},
      {"$PWD\xed\x95\x9c", "/home\xed\x95\x9c"},
      {"${}", "error: syntax error: no variable name behind ${"},
      {"${PWD", "error: syntax error: missing '}' behind ${PWD"},
      {"${", "error: syntax error: missing '}' behind ${"},
      {"${PWD!x}", "error: unsupported modifier (!) in substitution of ${PWD}"},
      {"${PWD=x}", "error: unsupported modifier (=) in substitution of ${PWD}"},
      {"${PWD:=x}", "error: unsupported modifier (:=) in substitution of ${PWD}"},
      {"${PWD:#x}", "error: unsupported modifier (:#) in substitution of ${PWD}"},
      {"${PWD:", "error: syntax error: missing modifier behind ${PWD:"}};
  for (const Case& one : cases) EXPECT_EQ(Expanded(one.input), one.expected) << one.input;
}

TEST(Expand, Defaults) {
  const Case cases[] = {
      {"${PWD:-x}", "/home"},
      {"${NULL:-x}", "x"},
      {"${UNSET:-x}", "x"},
      {"${PWD-x}", "/home"},
      {"${NULL-x}", ""},
      {"${UNSET-x}", "x"},
      {"${PWD:+x}", "x"},
      {"${NULL:+x}", ""},
      {"${UNSET:+x}", ""},
      {"${NULL+x}", "x"},
      {"${UNSET+x}", ""},
      {"${UNSET:-}", ""},
      {"${UNSET:-$PWD:}xx", "/home:xx"},
      {"${UNSET:-${PWD}}", "/home"},
      {"${UNSET:-${NULL:-${SHELL}}}", "bash"},
      {"${UNSET:-\\$PWD}", "$PWD"},
      {"${UNSET:-'a}b'}", "a}b"},
      {"${UNSET:-\"a } b\"}c", "a } bc"},
      {"${UNSET:-a\\}b}", "a}b"},
      {"\"${UNSET:-x y}\"", "x y"},
      {"${PWD:?gone}", "/home"},
      {"${NULL:?it is $SHELL}", "error: NULL: it is bash"},
      {"${NULL?gone}", ""},
      {"${UNSET?gone}", "error: UNSET: gone"},
      {"${UNSET:?}", "error: UNSET: not allowed to be unset"},
      {"${NULL:?}", "error: NULL: not allowed to be empty"},
      {"${PWD:-${UNSET:?never}}", "/home"},
      {"${UNSET:-x", "error: syntax error: missing '}' in ${...}"},
      {"a-${V}.${OS}${VARIANT:+-${VARIANT}}.tgz", "a-..tgz"}};
  for (const Case& one : cases) EXPECT_EQ(Expanded(one.input), one.expected) << one.input;
}

TEST(Expand, Patterns) {
  const Values values = {{"S", "foobarbaz"}, {"X", "xxyy"}, {"P", "x"}, {"E", ""}, {"STARS", "a***yy*"},
                         {"Q", "???y"}, {"F", "/foo*/*/*.txt"}, {"N", "\\*/"}, {"U", "http://g.de"},
                         {"H", "http://"}, {"D", "/a/foo/b/c.txt"}, {"ANY", "/?/"}, {"T", "/tmp/foo.txt"},
                         {"K", "\xed\x95\x9c" "a"}, {"R", "()[]{}^$.*?|\\x"}};
  const Case cases[] = {
      {"${S#f*b}", "arbaz"},
      {"${S##f*b}", "az"},
      {"${S%b*}", "foobar"},
      {"${S%%b*}", "foo"},
      {"${S/ba/fo}", "fooforbaz"},
      {"${S//ba/fo}", "fooforfoz"},
      {"${S#bar}", "foobarbaz"},
      {"${X#*}", "xxyy"},
      {"${X##*x}", "yy"},
      {"${X#$P}", "xyy"},
      {"${X#$E}", "xxyy"},
      {"${X#}", "xxyy"},
      {"${X##}", "xxyy"},
      {"${X%}", "xxyy"},
      {"${X#*x*y}", "y"},
      {"${Q#?\\?}", "?y"},
      {"${STARS%%\\**\\*}", "a"},
      {"${K#?}", "a"},
      {"${UNSET#x}", ""},
      {"${R#()[]{\\}^$.\\*\\?|\\\\}", "x"},
      {"${F/$N/.}", "/foo.*/*.txt"},
      {"${F//$N/.}", "/foo..*.txt"},
      {"${U/$H/https:\\//}", "https:\\//g.de"},
      {"${D/$ANY//}", "/foo/b/c.txt"},
      {"${D//$ANY//}", "/foo/c.txt"},
      {"${T//\\//\\/}", "\\/tmp\\/foo.txt"},
      {"${T/tmp/}", "//foo.txt"},
      {"${X/$E/ww}", "wwxxyy"},
      {"${X///}", "xxyy"},
      {"${UNSET///}", ""},
      {"${X//*/r}", "r"},
      {"${X//?/ab}", "abababab"},
      {"${X//ww}", "error: syntax error: missing '/' in ${X/...}"},
      {"${X//}", "error: syntax error: missing '/' in ${X/...}"},
      {"${X/a", "error: syntax error: missing '/' in ${...}"},
      {"${X/a/b", "error: syntax error: missing '}' in ${...}"},
      {"${X#\\x}", "error: invalid escape in pattern \"\\x\""},
      {"${S#'foo'}", "barbaz"},
      {"${S%\"baz\"}", "foobar"}};
  for (const Case& one : cases) EXPECT_EQ(Expanded(one.input, values), one.expected) << one.input;
}

TEST(Expand, OtherEscape) {
  EXPECT_EQ(Expanded("c:\\x`$PWD", kValues, '`'), "c:\\x$PWD");
  EXPECT_EQ(Expanded("\"a`\"b\\\"", kValues, '`'), "a\"b\\");
}

TEST(Expand, Words) {
  const Values values = {{"PORTS", "80  443/tcp"}, {"E", ""}};
  const Lookup lookup = In(values);
  const auto words = [&](std::string_view text) {
    const auto result = ExpandWords(text, lookup, '\\');
    return result.ok() ? Join(result->words, "|") : result.error().text();
  };
  EXPECT_EQ(words("$PORTS"), "80|443/tcp");
  EXPECT_EQ(words("\"$PORTS\""), "80  443/tcp");
  EXPECT_EQ(words("a$PORTS"), "a80|443/tcp");
  EXPECT_EQ(words("$E"), "");
  EXPECT_EQ(words("\"$E\" x"), "|x");
  EXPECT_EQ(words(" a\\ b  'c d' "), "a b|c d");
}

TEST(Expand, Content) {
  const Lookup lookup = In(kValues);
  const auto content = [&](std::string_view text) {
    const auto result = ExpandContent(text, lookup, '\\');
    return result.ok() ? result->text : result.error().text();
  };
  EXPECT_EQ(content("\"$PWD\" it's\n${SHELL}\n"), "\"/home\" it's\nbash\n");
  EXPECT_EQ(content("\\$PWD \\n \\\\ \\"), "$PWD \\n \\ \\");
  EXPECT_EQ(content("${UNSET:-x}"), "x");
}

TEST(Expand, SaysWhatItDependsOn) {
  const Lookup lookup = In(kValues);
  const auto names = [&](std::string_view text) {
    const auto result = Expand(text, lookup, '\\');
    if (!result.ok()) return result.error().text();
    std::string all;
    for (const std::string& name : result->used) all += "+" + name;
    for (const std::string& name : result->unset) all += "-" + name;
    return all;
  };
  EXPECT_EQ(names("x"), "");
  EXPECT_EQ(names("$PWD ${NULL:-$U}"), "+NULL+PWD-U");
  EXPECT_EQ(names("${PWD:-$U}"), "+PWD");
  EXPECT_EQ(names("${U:+$PWD}"), "-U");
  EXPECT_EQ(names("'$PWD' \\$SHELL"), "");
}

TEST(Expand, Limits) {
  std::string deep;
  for (int i = 0; i < kMaxExpansionDepth + 1; ++i) deep += "${a:-";
  EXPECT_EQ(Expanded(deep), "error: variables nested deeper than 64");
  const Values big = {{"B", std::string(kMaxExpandedBytes / 2, 'x')}, {"M", std::string(5000, 'a')}};
  EXPECT_EQ(Expanded("$B", big).size(), kMaxExpandedBytes / 2);
  EXPECT_EQ(Expanded("$B$B$B", big), "error: the result is longer than 1 MiB");
  EXPECT_EQ(Expanded("\"$B$B$B\"", big), "error: the result is longer than 1 MiB");
  EXPECT_EQ(Expanded("${B//x/xxx}", big), "error: the result is too long");
  EXPECT_EQ(Expanded("${M//*b*c/}", big), "error: the pattern is too much work for this value");
}

}  // namespace
}  // namespace ctool::build
