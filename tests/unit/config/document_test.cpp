// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "config/document_internal.hpp"

namespace ctool::config {
namespace {

std::string TomlError(std::string_view text) {
  const Result<Node> node = ParseToml(text, "f.conf");
  return node.ok() ? "" : node.error().Message();
}

std::string JsonError(std::string_view text) {
  const Status status = CheckJson(text, "f.json");
  return status.ok() ? "" : status.error().Message();
}

TEST(Document, ValuesKnowTheirPlace) {
  const Result<Node> node = ParseToml("a = 1\n[t]\n  b = [\"x\", \"y\"]\n  c = true\n", "f.conf");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->Find("a")->integer, 1);
  EXPECT_EQ(node->Find("none"), nullptr);
  const Node* table = node->Find("t");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(*AsStrings(*table->Find("b"), "b", nullptr), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(*AsBool(*table->Find("c"), "c"));
  EXPECT_EQ(table->Find("b")->Bad("no").Message(), "f.conf:3:7: no");
}

TEST(Document, TomlErrorsNameLineAndColumn) {
  EXPECT_EQ(TomlError("a = 1\nb = = 2\n").substr(0, 11), "f.conf:2:5:");
  EXPECT_EQ(TomlError("[t]\nx=1\n[t]\n").substr(0, 9), "f.conf:3:") << "a table twice";
  EXPECT_EQ(TomlError("a=1\na=2\n").substr(0, 9), "f.conf:2:");
  EXPECT_EQ(TomlError("a = 9223372036854775808").substr(0, 9), "f.conf:1:") << "overflow";
  EXPECT_EQ(TomlError("a = \"\xff\"").substr(0, 9), "f.conf:1:") << "not UTF-8";
  EXPECT_NE(TomlError("a = " + std::string(100, '[') + std::string(100, ']')), "");
  EXPECT_EQ(TomlError(""), "");
}

TEST(Document, CommentsDoNotMovePlaces) {
  EXPECT_EQ(TomlError("# one\n  # two\n\na = = 1").substr(0, 11), "f.conf:4:5:");
  const Result<Node> node = ParseToml(
      "a = [ # here\n  # \xff not even text\n  \"#x\",\n]\nb = \"\"\"\n# text\n\"\"\"\n", "f");
  EXPECT_FALSE(node.ok()) << "a file with multi-line strings is parsed as it is, bad bytes and all";
  const Result<Node> text = ParseToml("b = \"\"\"\n# text\n\"\"\"\n", "f");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->Find("b")->string, "# text\n");
  const Result<Node> list = ParseToml("a = [ # here\n  # there\r\n  \"#x\",\n]\n", "f");
  ASSERT_TRUE(list.ok()) << list.error().Message();
  EXPECT_EQ(list->Find("a")->items.front().string, "#x");
}

TEST(Document, WrongTypesSayWhatIsWanted) {
  const Result<Node> node =
      ParseToml("s = 1\nb = \"yes\"\ni = \"7\"\nl = 3\nm = [1]\nf = 1.5\nn = \"a\\u0000b\"", "f");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(AsString(*node->Find("s"), "s").error().Message(), "f:1:5: s must be a string");
  EXPECT_EQ(AsBool(*node->Find("b"), "b").error().Message(), "f:2:5: b must be true or false");
  EXPECT_EQ(AsInteger(*node->Find("i"), "i").error().Message(), "f:3:5: i must be an integer");
  EXPECT_EQ(AsStrings(*node->Find("l"), "l", nullptr).error().Message(),
            "f:4:5: l must be a list of strings");
  EXPECT_EQ(AsStrings(*node->Find("m"), "m", nullptr).error().Message(),
            "f:5:6: each element of m must be a string");
  EXPECT_FALSE(AsInteger(*node->Find("f"), "f").ok());
  EXPECT_FALSE(AsString(*node->Find("n"), "n").ok());
}

TEST(Document, AppendFlagIsTheLastElement) {
  const Result<Node> node =
      ParseToml("a = [\"x\", {append=true}]\nb = [{append=true}, \"x\"]\n", "f");
  ASSERT_TRUE(node.ok());
  bool append = false;
  EXPECT_EQ(*AsStrings(*node->Find("a"), "a", &append), std::vector<std::string>{"x"});
  EXPECT_TRUE(append);
  EXPECT_FALSE(AsStrings(*node->Find("b"), "b", &append).ok());
  EXPECT_FALSE(AsStrings(*node->Find("a"), "a", nullptr).ok()) << "not a list that can be appended";
}

TEST(Document, JsonErrorsNameLineAndColumn) {
  EXPECT_EQ(JsonError("{\"a\": [1, 2, {\"b\": null}]}"), "");
  EXPECT_EQ(JsonError("{\n  \"a\": nope\n}"), "f.json:2:9: invalid JSON");
  EXPECT_EQ(JsonError("").substr(0, 9), "f.json:1:");
  EXPECT_EQ(JsonError("{} x").substr(0, 9), "f.json:1:");
  EXPECT_NE(JsonError("{\"a\":\"\xff\"}"), "");
  EXPECT_EQ(JsonError("{\"a\":1,\"a\":2}"), "f.json: the key \"a\" is there twice");
  EXPECT_EQ(JsonError("{\"a\":{\"a\":2}}"), "");
  EXPECT_EQ(JsonError("[{\"a\":1},{\"a\":2}]"), "");
  EXPECT_EQ(JsonError(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_EQ(JsonError(std::string(65, '[') + std::string(65, ']')),
            "f.json: nested more than 64 levels deep");
  EXPECT_NE(JsonError(std::string(1 << 20, '[')), "");
}

}  // namespace
}  // namespace ctool::config
