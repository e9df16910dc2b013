// SPDX-License-Identifier: Apache-2.0
#include "cli/template.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

namespace ctool::cli {
namespace {

Value Sub(const char* x, int n, bool filled) {
  Value map = Value::NilMap("map[string]string");
  if (filled) map.Set("k", "v");
  return Value::Struct("main.Sub")
      .Set("X", x)
      .Set("N", n)
      .Set("L", filled ? Value(std::vector<std::string>{"p", "q"}) : Value::NilList())
      .Set("M", map);
}

// What the cases in template_cases.jsonl are about.
Value Data() {
  using List = std::vector<std::string>;
  const Value sub = Sub("x1", 7, true);
  Value numbers = Value::List("[]int");
  numbers.Append(1).Append(2).Append(3);
  Value map = Value::Map("map[string]string");
  map.Set("k", "v").Set("a", "b");
  Value map_of_structs = Value::Map("map[string]main.Sub");
  map_of_structs.Set("one", sub);
  Value structs = Value::List("[]main.Sub");
  structs.Append(sub).Append(Sub("x2", 8, false));
  Value lists = Value::List("[][]string");
  lists.Append(Value(List{"a"})).Append(Value(List{"b", "c"}));
  return Value::Struct("main.Data")
      .Set("A", "hello")
      .Set("I", 42)
      .Set("Neg", -5)
      .Set("F", 1.5)
      .Set("Big", 1e22)
      .Set("B", true)
      .Set("E", "")
      .Set("Z", 0)
      .Set("L", Value(List{"a", "b", "c"}))
      .Set("EL", Value::NilList())
      .Set("LI", numbers)
      .Set("M", map)
      .Set("MM", map_of_structs)
      .Set("S", sub)
      .Set("Subs", structs)
      .Set("P", Value::NilPointer("*main.Health"))
      .Set("T",
           Value::Time({.seconds = 1700000000, .nanos = 123456000, .offset = 0, .zone = "UTC"}))
      .Set("D", Value::Duration(90'000'000'000))
      .Set("Any", Value())
      .Set("U", "h\u00e9llo w\u00f6rld")
      .Set("LL", lists);
}

// {kind, text}: "ok" with the output, "parse" or "exec" with the error.
std::pair<std::string, std::string> Outcome(std::string_view text, const Value& data) {
  const auto parsed = Template::Parse("ps", text);
  if (!parsed.ok()) return {"parse", parsed.error().Message()};
  const auto out = parsed->Execute(data);
  if (!out.ok()) return {"exec", out.error().Message()};
  return {"ok", *out};
}

// The results are those of Go's own text/template with podman's functions and the same data.
TEST(Templates, AgreeWithGo) {
  std::ifstream file(std::string(CTOOL_SOURCE_DIR) + "/tests/unit/cli/template_cases.jsonl");
  const Value data = Data();
  std::string line;
  size_t n = 0;
  while (std::getline(file, line)) {
    const auto c = nlohmann::json::parse(line);
    const auto [kind, text] = Outcome(c[0].get<std::string>(), data);
    EXPECT_EQ(kind, c[1].get<std::string>()) << c[0];
    EXPECT_EQ(text, c[2].get<std::string>()) << c[0];
    ++n;
  }
  EXPECT_GT(n, 600u);
}

// Where a newer Go, or kindness, says something else than the Go the cases were made with.
TEST(Templates, DifferFromGoOnPurpose) {
  const Value data = Data();
  const auto ok = [&](std::string_view text) { return Outcome(text, data).second; };
  EXPECT_EQ(ok("{{.Any.x}}"), "<no value>");
  EXPECT_EQ(ok("{{range .P}}x{{else}}none{{end}}"), "none");
  EXPECT_EQ(ok("{{range 3}}{{.}}{{end}}{{range .Z}}x{{else}}none{{end}}"), "012none");
  EXPECT_EQ(ok("{{with .E}}x{{else with .A}}{{.}}{{end}}"), "hello");
  EXPECT_EQ(ok("{{index .A 9}}"),
            "template: ps:1:2: executing \"ps\" at <index .A 9>: error calling index: index out of "
            "range: 9");
}

// Go's answers.
TEST(Templates, Escapes) {
  const Value data = Data();
  const auto ok = [&](std::string_view text) { return Outcome(text, data).second; };
  EXPECT_EQ(ok(R"({{html "<a href='x'>&\"</a>"}} {{html 1 "<"}} {{html}}|)"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt; 1&lt; |");
  EXPECT_EQ(ok(R"({{js "it's \"<x>\" = &\n\u00e9\u2028"}})"), R"(it\'s \"\u003Cx\u003E\" \u003D \u0026\u000Aé\u2028)");
  EXPECT_EQ(ok("{{urlquery \"a b&c=d/é-_.~\"}}"), "a+b%26c%3Dd%2F%C3%A9-_.~");
  EXPECT_EQ(ok("{{call .A}}"),
            "template: ps:1:2: executing \"ps\" at <call .A>: error calling call: non-function of type string");
  EXPECT_EQ(ok("{{call nil}}"), "template: ps:1:2: executing \"ps\" at <call nil>: error calling call: call of nil");
}

TEST(Templates, AMethodTakesOneText) {
  Value row = Value::Struct("containers.psReporter");
  row.Set("Name", "web").Method("Label", Value::Map().Set("app", "x").Set("a b", "y"));
  const auto ok = [&](std::string_view text) { return Outcome(text, row).second; };
  EXPECT_EQ(ok(R"({{.Label "app"}}|{{.Label "nosuch"}}|{{"a b" | .Label}}|{{len (.Label "app")}}|{{$.Label "app"}})"), "x||y|1|x");
  EXPECT_EQ(ok("{{.Label}}"), "template: ps:1:2: executing \"ps\" at <.Label>: wrong number of args for Label: want 1 got 0");
  EXPECT_EQ(ok("{{.Label.x}}"),
            "template: ps:1:8: executing \"ps\" at <.Label.x>: wrong number of args for Label: want 1 got 0");
  EXPECT_EQ(ok(R"({{.Label "a" "b"}})"),
            "template: ps:1:2: executing \"ps\" at <.Label>: wrong number of args for Label: want 1 got 2");
  EXPECT_EQ(ok("{{.}} {{json .}}"), "{web} {\"Name\":\"web\"}");
}

TEST(Templates, NestingHasALimit) {
  std::string deep(5000, '(');
  EXPECT_EQ(Outcome("{{" + deep, Data()).first, "parse");
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "{{if .A}}";
  EXPECT_EQ(Outcome(blocks, Data()).second, "template: ps:1: nested too deeply");
  std::string elses = "{{if .E}}";
  for (int i = 0; i < 5000; ++i) elses += "{{else if .E}}";
  EXPECT_EQ(Outcome(elses + "{{end}}", Data()).first, "parse");
  EXPECT_EQ(
      Outcome("{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}", Data()).second,
      "template: ps:1:25: executing \"a\" at <{{template \"a\" .}}>: exceeded maximum template "
      "depth (1000)");
  // What each call nests adds up.
  std::string deeper = "{{define \"a\"}}";
  for (int i = 0; i < 450; ++i) deeper += "{{with $.A}}";
  deeper += "{{template \"a\" $}}";
  for (int i = 0; i < 450; ++i) deeper += "{{end}}";
  const auto [kind, text] = Outcome(deeper + "{{end}}{{template \"a\" .}}", Data());
  EXPECT_EQ(kind, "exec");
  EXPECT_NE(text.find("exceeded maximum template depth"), std::string::npos);
}

TEST(Templates, CanBeExecutedAgain) {
  const auto t = Template::Parse("x", "{{$n := .}}{{$n}};");
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(*t->Execute(1), "1;");
  EXPECT_EQ(*t->Execute("two"), "two;");
}

// Random templates from the language's own pieces, whole and damaged: each gives a text or an
// error, never anything else.
TEST(Templates, RandomOnesNeverCrash) {
  static constexpr std::string_view kPieces[] = {
      "{{",    "}}",       "{{-",     "-}}",     " ",      "\n",      ".",         ".A",
      ".L",    ".M",       ".S.X",    ".Nosuch", "$",      "$x",      ":=",        "=",
      "|",     "(",        ")",       ",",       "\"a\"",  "\"%*d\"", "\"%[2]v\"", "`r",
      "`",     "'x'",      "1",       "-9",      "1.5",    "0x",      "true",      "nil",
      "if ",   "else ",    "end",     "range ",  "with ",  "define ", "block ",    "template ",
      "break", "continue", "printf ", "index ",  "slice ", "len ",    "eq ",       "lt ",
      "and ",  "or ",      "not ",    "json ",   "join ",  "pad ",    "truncate ", "split ",
      "/*",    "*/",       "\xff",    "text",    "\\"};
  std::mt19937 random(20240131);
  const auto pick = [&](size_t n) { return random() % n; };
  const Value data = Data();
  size_t ok = 0, failed = 0;
  for (int i = 0; i < 30000; ++i) {
    std::string text;
    for (size_t n = pick(14); n > 0; --n) {
      const bool action = pick(2) == 0;
      if (action) text += "{{";
      for (size_t k = 1 + pick(4); k > 0; --k)
        text += std::string(kPieces[pick(std::size(kPieces))]) + (pick(3) != 0 ? " " : "");
      if (action) text += "}}";
    }
    const auto outcome = Outcome(text, data);
    ++(outcome.first == "ok" ? ok : failed);
    EXPECT_TRUE(outcome.first == "ok" || outcome.second.rfind("template: ps:", 0) == 0) << text;
  }
  EXPECT_GT(ok, 1000u);
  EXPECT_GT(failed, 1000u);
}

}  // namespace
}  // namespace ctool::cli
