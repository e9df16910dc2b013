// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge_internal.hpp"

#include <gtest/gtest.h>

#include "registry/auth_internal.hpp"

namespace ctool::registry {
namespace {

std::string Print(const std::vector<std::string_view>& headers) {
  const auto challenges = ParseChallenges(headers);
  if (!challenges.ok()) return challenges.error().Message();
  std::string out;
  for (const Challenge& c : *challenges) {
    out += c.scheme + "(";
    for (const auto& [name, value] : c.parameters) out += name + "=" + value + ";";
    out += ")";
  }
  return out;
}

TEST(Challenge, Forms) {
  EXPECT_EQ(Print({R"(Bearer realm="https://a/t",service="s",scope="repository:x:pull,push")"}),
            "bearer(realm=https://a/t;scope=repository:x:pull,push;service=s;)");
  EXPECT_EQ(Print({R"(BEARER Realm = "a" , SERVICE=b)"}), "bearer(realm=a;service=b;)");
  EXPECT_EQ(Print({"Bearer realm=https://a/t?x=y,service=s"}),
            "bearer(realm=https://a/t?x=y;service=s;)");
  EXPECT_EQ(Print({R"(Basic realm="a\"b\\c")"}), R"(basic(realm=a"b\c;))");
  EXPECT_EQ(Print({"Basic"}), "basic()");
  EXPECT_EQ(Print({""}), "");
  EXPECT_EQ(Print({}), "");
  EXPECT_EQ(Print({" , ,Basic, "}), "basic()");
}

TEST(Challenge, Several) {
  EXPECT_EQ(Print({R"(Basic realm="a", Bearer realm="b",service="c")"}),
            "basic(realm=a;)bearer(realm=b;service=c;)");
  EXPECT_EQ(Print({"Negotiate", R"(NTLM abc==, Basic realm="x")"}),
            "negotiate()ntlm()basic(realm=x;)");
  EXPECT_EQ(Print({"Negotiate, Basic"}), "negotiate()basic()");
}

TEST(Challenge, Malformed) {
  std::string many = "Bearer ";
  for (int i = 0; i < 65; ++i) many += (i > 0 ? ",p" : "p") + std::to_string(i) + "=x";
  std::string schemes;
  for (int i = 0; i < 17; ++i) schemes += "S" + std::to_string(i) + ", ";
  const std::string long_value(20'000, 'x');
  for (const std::string& bad :
       {std::string(R"(Bearer realm="x)"), std::string("Bearer realm=a,realm=b"), many, schemes,
        std::string("Bearer realm=\"a\x01\""), std::string("Bearer \x7f"), std::string("\"x\""),
        std::string("=x"), std::string("Bearer realm=\"a\"b\"c\""), long_value})
    EXPECT_EQ(Print({bad}).substr(0, 19), "malformed challenge") << bad.substr(0, 50);
}

TEST(Base64, Rfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace ctool::registry
