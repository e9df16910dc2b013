// SPDX-License-Identifier: Apache-2.0
#include "cli/yaml.hpp"

#include <gtest/gtest.h>

namespace ctool::cli {
namespace {

TEST(YamlTest, Nests) {
  Value inner = Value::Struct("x");
  inner.Set("id", 0).Set("size", 5);
  Value list = Value::List();
  list.Append(inner).Append(inner);
  Value top = Value::Struct("top");
  top.Set("Arch", "amd64", {.name = "arch"});
  top.Set("words", std::vector<std::string>{"a", "b"});
  top.Set("maps", std::move(list));
  top.Set("none", Value::List()).Set("nothing", Value::NilMap()).Set("empty", Value::Map());
  top.Set("deep", inner);
  top.Set("left_out", "", {.omit_empty = true});
  EXPECT_EQ(ToYaml(top),
            "arch: amd64\n"
            "words:\n"
            "- a\n"
            "- b\n"
            "maps:\n"
            "- id: 0\n"
            "  size: 5\n"
            "- id: 0\n"
            "  size: 5\n"
            "none: []\n"
            "nothing: null\n"
            "empty: {}\n"
            "deep:\n"
            "  id: 0\n"
            "  size: 5\n");
}

TEST(YamlTest, ListsOfLists) {
  Value inner = Value::List();
  inner.Append(1).Append("x");
  Value outer = Value::List();
  outer.Append(inner).Append(Value::List());
  Value top = Value::Struct("top");
  top.Set("l", outer);
  EXPECT_EQ(ToYaml(top), "l:\n-\n  - 1\n  - x\n- []\n");
}

// What YAML would take for something else must not lose its type.
TEST(YamlTest, QuotesWhatIsNoPlainText) {
  for (const char* text :
       {"",     "true", "No", "null", "~",   "12",   "1.5",  "0x1f",   "- a",   "a: b",
        "a #b", "key:", "a ", "*a",   "&a",  "[a]",  "{a}",  "'a'",    "\"a\"", "!a",
        "%a",   "@a",   "`a", "? a",  "| a", "a\nb", "a\tb", "\x1b[m", "-",     "2024-01-02"}) {
    Value v = Value::Struct("x");
    v.Set("k", text);
    const std::string line = ToYaml(v);
    EXPECT_EQ(line.substr(0, 4), "k: \"") << line;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  }
  for (const char* text :
       {"amd64", "/usr/bin/x", "CAP_CHOWN,CAP_KILL", "a:b", "a#b", "Approximately (1)"}) {
    Value v = Value::Struct("x");
    v.Set("k", text);
    EXPECT_EQ(ToYaml(v), std::string("k: ") + text + "\n");
  }
}

TEST(YamlTest, QuotesKeys) {
  Value v = Value::Map();
  v.Set("a: b", 1);
  EXPECT_EQ(ToYaml(v), "\"a: b\": 1\n");
}

}  // namespace
}  // namespace ctool::cli
