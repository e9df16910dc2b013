// SPDX-License-Identifier: Apache-2.0
#include "build/ignore.hpp"

#include <gtest/gtest.h>

namespace ctool::build {
namespace {

bool Ignored(std::string_view file, std::string_view path) {
  const auto list = IgnoreList::Parse("I", file);
  EXPECT_TRUE(list.ok()) << list.error().text();
  return list.ok() && list->Ignores(path);
}

struct Case {
  std::string_view file, path;
  bool ignored;
};

TEST(Ignore, Rules) {
  const Case cases[] = {
      {"", "a", false},
      {"a", "a", true},
      {"a", "b/a", false},
      {"a", "a/b/c", true},  // below an ignored directory
      {"a", "ab", false},
      {"a/b", "a/b", true},
      {"a/b", "a", false},
      {"/a", "a", true},
      {"./a/", "a", true},
      {"a/../b", "b", true},
      {"  a  \r", "a", true},
      {"# a\na", "a", true},
      {"#a", "#a", false},
      {" #a", "#a", true},  // only in the first column it is a comment
      {"\\#a", "#a", true},
      {"\xEF\xBB\xBF" "a", "a", true},
      {"*", "a", true},
      {"*", "a/b", true},
      {"*/temp*", "x/temporary", true},
      {"*/temp*", "temp", false},
      {"*/*/temp*", "a/b/temp1", true},
      {"*/*/temp*", "a/temp1", false},
      {"temp?", "tempa", true},
      {"temp?", "temp", false},
      {"temp?", "temp/", false},
      {"*.md", "a/b.md", false},
      {"**/*.md", "b.md", true},
      {"**/*.md", "a/c/b.md", true},
      {"**", "a/b", true},
      {"a/**", "a/b/c", true},
      {"a/**", "a", false},
      {"a/**/z", "a/z", true},
      {"a/**/z", "a/b/c/z", true},
      {"a/**/z", "a/bz", false},
      {"**/foo/bar", "x/foo/bar", true},
      {"**/foo/bar", "foo/bar", true},
      {"**foo", "x/yfoo", false},
      {"**foo", "x/foo", true},
      {"[a-c]x", "bx", true},
      {"[^a-c]x", "bx", false},
      {"[^a-c]x", "zx", true},
      {"a\\*", "a*", true},
      {"a\\*", "ab", false},
      {"*\n!a", "a", false},
      {"*\n!a", "b", true},
      {"!a\n*", "a", true},  // the last one decides
      {"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
      {"*.md\n!README*.md\nREADME-secret.md", "README-x.md", false},
      {"*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false},
      {"d\n!d/keep", "d/keep", false},
      {"d\n!d/keep", "d/keep/x", false},
      {"d\n!d/keep", "d/other", true},
      {"d\n! /d/keep", "d/keep", false},
      {"\xc3?", "\xc3(", true},
      {"?", "\xc3\xa9", true}};
  for (const Case& one : cases) EXPECT_EQ(Ignored(one.file, one.path), one.ignored) << one.file << " ~ " << one.path;
}

TEST(Ignore, Errors) {
  EXPECT_EQ(IgnoreList::Parse("I", "a\n\n!").error().text(), "I:3: illegal exclusion pattern: \"!\"");
  EXPECT_EQ(IgnoreList::Parse("I", "a[").error().text(), "I:1: syntax error in pattern \"a[\"");
  EXPECT_EQ(IgnoreList::Parse("I", "[]a]").error().text(), "I:1: syntax error in pattern \"[]a]\"");
  EXPECT_EQ(IgnoreList::Parse("I", "a\\").error().text(), "I:1: syntax error in pattern \"a\\\"");
  EXPECT_FALSE(IgnoreList::Parse("I", std::string((1 << 20) + 1, 'x')).ok());
  std::string many;
  for (int i = 0; i < 10001; ++i) many += "x\n";
  EXPECT_EQ(IgnoreList::Parse("I", many).error().text(), "I:10001: more than 10000 patterns");
}

TEST(Ignore, MayWantBelow) {
  const auto wants = [](std::string_view file, std::string_view path) {
    return IgnoreList::Parse("I", file)->MayWantBelow(path);
  };
  EXPECT_FALSE(wants("d", "d"));
  EXPECT_TRUE(wants("d\n!d/keep", "d"));
  EXPECT_FALSE(wants("d\n!e/keep", "d"));
  EXPECT_FALSE(wants("d\n!dx", "d"));
  EXPECT_TRUE(wants("d\n!**/keep", "d"));
  EXPECT_TRUE(wants("d\n!d*/keep", "d/e"));
  EXPECT_TRUE(wants("d\n!d/e/f", "d/e"));
  EXPECT_FALSE(wants("d\n!d/e/f", "d/g"));
}

TEST(Ignore, CleanPath) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "."}, {".", "."}, {"./", "."}, {"a//b/./c/", "a/b/c"}, {"a/../b", "b"}, {"../a", "../a"},
      {"a/../../b", "../b"}, {"/..", "/"}, {"/a/..", "/"}, {"/", "/"}, {"//a", "/a"}};
  for (const auto& [path, clean] : cases) EXPECT_EQ(CleanPath(path), clean) << path;
}

TEST(Glob, LikeGo) {
  const auto matches = [](std::string_view pattern, std::string_view path) -> std::string {
    const auto glob = Glob::Compile(pattern, DoubleStar::kPlain);
    return !glob.ok() ? "bad" : glob->Matches(path) ? "yes" : "no";
  };
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"abc", "abc", "yes"},      {"*", "abc", "yes"},          {"*c", "abc", "yes"},
      {"a*", "a", "yes"},         {"a*", "ab/c", "no"},         {"a*/b", "abc/b", "yes"},
      {"a*/b", "a/c/b", "no"},    {"a*b*c*d*e*/f", "axbxcxdxe/f", "yes"},
      {"a*b*c*d*e*/f", "axbxcxdxexxx/fff", "no"},               {"a*b?c*x", "abxbbxdbxebxczzx", "yes"},
      {"a*b?c*x", "abxbbxdbxebxczzy", "no"},                    {"ab[c]", "abc", "yes"},
      {"ab[b-d]", "abc", "yes"},  {"ab[e-g]", "abc", "no"},     {"ab[^c]", "abc", "no"},
      {"ab[^e-g]", "abc", "yes"}, {"a\\*b", "a*b", "yes"},      {"a\\*b", "ab", "no"},
      {"a?b", "a\xe2\x98\xba" "b", "yes"},                      {"a[^a]b", "a\xe2\x98\xba" "b", "yes"},
      {"a???b", "a\xe2\x98\xba" "b", "no"},                     {"[a-\xce\xb6]*", "\xce\xb1", "yes"},
      {"*[a-\xce\xb6]", "A", "no"},                             {"a?b", "a/b", "no"},
      {"a*b", "a/b", "no"},       {"[\\]a]", "]", "yes"},       {"[\\-]", "-", "yes"},
      {"[x\\-]", "x", "yes"},     {"[x\\-]", "z", "no"},        {"[\\-x]", "a", "no"},
      {"[]a]", "]", "bad"},       {"[-]", "-", "bad"},          {"[x-]", "x", "bad"},
      {"[-x]", "x", "bad"},       {"\\", "a", "bad"},           {"[a-b-c]", "a", "bad"},
      {"[", "a", "bad"},          {"[^", "a", "bad"},           {"[^bc", "a", "bad"},
      {"a[", "a", "bad"},         {"*x", "xxx", "yes"},         {"arr[[]0].txt", "arr[0].txt", "yes"},
      {"**", "a", "yes"},         {"**", "a/b", "no"},          {"", "", "yes"},
      {"", "a", "no"}};
  for (const auto& [pattern, path, expected] : cases) EXPECT_EQ(matches(pattern, path), expected) << pattern << " ~ " << path;
  EXPECT_TRUE(HasWildcards("a*"));
  EXPECT_TRUE(HasWildcards("a\\b"));
  EXPECT_FALSE(HasWildcards("a.b/c"));
}

TEST(Glob, IsLinear) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  const auto glob = Glob::Compile(pattern + "b", DoubleStar::kPlain);
  EXPECT_FALSE(glob->Matches(std::string(4000, 'a')));
}

}  // namespace
}  // namespace ctool::build
