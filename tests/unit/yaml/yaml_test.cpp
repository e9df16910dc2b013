// SPDX-License-Identifier: Apache-2.0
#include "yaml/yaml.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ctool::yaml {
namespace {

TEST(Yaml, BecomesJson) {
  const std::string text =
      "# a comment\nkind: \"vendor.com/x\"\nlist:\n  - one\n  - {a: 1, b: [true, ~, 2.5]}\nempty: {}\nquoted: '1'\nmode: 0o640\nwords: yes\nblock: |\n  two\n  lines\n";
  const Result<std::string> json = ToJson(text);
  ASSERT_TRUE(json.ok()) << json.error().Message();
  EXPECT_EQ(*json, R"({"kind":"vendor.com/x","list":["one",{"a":1,"b":[true,null,2.5]}],"empty":{},"quoted":"1","mode":416,"words":"yes","block":"two\nlines\n"})");
}

TEST(Yaml, NothingIsNull) { EXPECT_EQ(ToJson("").value(), "null"); }

struct Bad {
  const char* text;
  const char* why;
};
TEST(Yaml, RefusesWhatCannotBeTrusted) {
  for (const Bad& bad : {Bad{"a: &x 1\nb: *x\n", "aliases"}, {"a: 1\na: 2\n", "twice"}, {"a: 1\n---\nb: 2\n", "second document"},
                         {"[1, 2\n", "line"}, {"? [1]\n: 2\n", "key"}, {"a: \"\n", "line"}}) {
    const Result<std::string> json = ToJson(bad.text);
    ASSERT_FALSE(json.ok()) << bad.text;
    EXPECT_EQ(json.error().code(), Code::kCorrupt);
    EXPECT_NE(json.error().Message().find(bad.why), std::string::npos) << json.error().Message();
  }
  EXPECT_FALSE(ToJson(std::string(100, '[')).ok());
}

}  // namespace
}  // namespace ctool::yaml
