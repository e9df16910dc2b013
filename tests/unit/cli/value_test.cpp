// SPDX-License-Identifier: Apache-2.0
#include "cli/value.hpp"

#include <gtest/gtest.h>

#include "cli/gofmt.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"

namespace ctool::cli {
namespace {

TEST(Values, CopiesDoNotChangeTogether) {
  Value a = Value::List("[]string");
  a.Append("x");
  Value b = a;
  b.Append("y");
  EXPECT_EQ(Text(a), "[x]");
  EXPECT_EQ(Text(b), "[x y]");
}

TEST(Values, MapsAreSortedAndStructsAreNot) {
  Value map = Value::Map();
  map.Set("b", "1").Set("a", "2").Set("b", "3");
  EXPECT_EQ(Text(map), "map[a:2 b:3]");
  const Value s = Value::Struct("T").Set("b", 1).Set("a", 2);
  EXPECT_EQ(Text(s), "{1 2}");
  EXPECT_EQ(ToJson(s), R"({"b":1,"a":2})");
}

TEST(Values, BigNumbersKeepTheirSize) {
  EXPECT_EQ(Text(Value(UINT64_MAX)), "18446744073709551615");
  EXPECT_EQ(Value(uint64_t{5}).kind(), Value::Kind::kInt);
  EXPECT_EQ(*FormatOne("x", Value(UINT64_MAX), "{{gt . 9223372036854775807}} {{eq . .}}"),
            "true true\n");
}

TEST(Json, WritesAsGoDoes) {
  const Value v = Value::Struct("T")
                      .Set("Id", "a<b>&\"\\\n\x01\u2028")
                      .Set("Empty", Value::List("[]string"))
                      .Set("Map", Value::Map())
                      .Set("Nil", Value::NilList())
                      .Set("Gone", "", {.omit_empty = true})
                      .Set("Hidden", 1, {.skip = true})
                      .Set("Named", true, {.name = "named"})
                      .Set("Small", 1e-7)
                      .Set("Inner", Value::Struct("U").Set("N", -1));
  EXPECT_EQ(ToJson(v),
            "{\"Id\":\"a<b>&\\\"\\\\\\n\\u0001\\u2028\",\"Empty\":[],\"Map\":{},\"Nil\":null,"
            "\"named\":true,\"Small\":1e-7,\"Inner\":{\"N\":-1}}");
  Value list = Value::List();
  list.Append(1).Append(Value::Struct("T").Set("a", Value(std::vector<std::string>{"x"})));
  EXPECT_EQ(ToJson(list, 5),
            "[\n     1,\n     {\n          \"a\": [\n               \"x\"\n          ]\n     }\n]");
  EXPECT_EQ(ToJson(Value("\xff")), "\"\\ufffd\"");
  EXPECT_EQ(ToJson(Value()), "null");
}

constexpr std::string_view kMaps[] = {"Labels", "Ports"};
constexpr std::string_view kLists[] = {"Mounts"};
constexpr std::string_view kTimes[] = {"Created", "StartedAt"};
constexpr std::string_view kDurations[] = {"Interval"};
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {{"Id", "ID"}};
constexpr std::pair<std::string_view, std::string_view> kOptional[] = {{"Config", "Healthcheck"},
                                                                       {"", "Mounts"}};
constexpr JsonShape kShape = {.type = "define.Data", .maps = kMaps, .lists = kLists,
                              .times = kTimes, .durations = kDurations, .optional = kOptional,
                              .aliases = kAliases};
constexpr std::string_view kText = R"({"Id": "abc", "Created": "2023-11-14T22:13:20.5Z",
  "State": {"StartedAt": "0001-01-01T00:00:00Z"},
  "Config": {"Labels": {"k": "v", "Created": "2023"}, "Interval": 30000000000},
  "Ports": {"80/tcp": [{"HostPort": "8080"}]}, "Big": 18446744073709551615, "F": 1.5, "P": null})";

TEST(Json, ReadsWithTheShapeOfGoTypes) {
  const auto v = FromJson(kText, kShape);
  ASSERT_TRUE(v.ok());
  const auto format = [&](std::string_view text) {
    const auto out = FormatOne("inspect", *v, text);
    return out.ok() ? *out : out.error().Message();
  };
  EXPECT_EQ(format("{{.Id}} {{.ID}}"), "abc abc\n");
  EXPECT_EQ(format("{{.Config.Labels.k}} {{.Config.Labels.nosuch}} {{.Config.Labels.Created}}"),
            "v <no value> 2023\n");
  EXPECT_EQ(format("{{index .Config.Labels \"nosuch\"}}|"), "|\n");
  EXPECT_EQ(format("{{.Config.Interval}} {{json .Config.Interval}}"), "30s 30000000000\n");
  EXPECT_EQ(format("{{.State.StartedAt}} {{.State.StartedAt.IsZero}}"),
            "0001-01-01 00:00:00 +0000 UTC true\n");
  EXPECT_EQ(format("{{.Created.Unix}}"), "1700000000\n");
  EXPECT_EQ(format("{{.Config.Healthcheck}} {{.Mounts}} {{len .Mounts}}"), "<nil> [] 0\n");
  EXPECT_EQ(format("{{(index (index .Ports \"80/tcp\") 0).HostPort}}"), "8080\n");
  EXPECT_EQ(format("{{range $p, $c := .Ports}}{{$p}}={{range $c}}{{.HostPort}}{{end}}{{end}}"),
            "80/tcp=8080\n");
  EXPECT_EQ(format("{{.Ports}}"), "map[80/tcp:[{8080}]]\n");
  EXPECT_EQ(format("{{.Big}} {{.F}}"), "18446744073709551615 1.5\n");
  EXPECT_EQ(
      format("{{.Config.Nosuch}}"),
      "template: inspect:1:9: executing \"inspect\" at <.Config.Nosuch>: can't evaluate field "
      "Nosuch in type define.Data.Config");
  EXPECT_EQ(format("{{.P.Status}}"),
            "template: inspect:1:4: executing \"inspect\" at <.P.Status>: nil pointer evaluating "
            "*define.Data.P.Status");
}

TEST(Json, WhatIsReadIsWrittenTheSame) {
  const std::string_view text = R"({"b":1,"a":[true,null,{"x":"y"}],"l":{},"e":[]})";
  const auto v = FromJson(text);
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(ToJson(*v), text);
}

TEST(Json, RefusesWhatIsBroken) {
  for (const std::string_view text : {"", "{", "nul", "{\"a\":1,}", "[1] x"})
    EXPECT_FALSE(FromJson(text).ok()) << text;
  EXPECT_FALSE(FromJson(std::string(100000, '[')).ok());
  EXPECT_FALSE(FromJson(std::string(300, '[') + std::string(300, ']')).ok());
}

TEST(Times, AsGoWritesThem) {
  const Value::Moment m = {
      .seconds = 1700000000, .nanos = 120000000, .offset = -12600, .zone = "X"};
  EXPECT_EQ(TimeText(m), "2023-11-14 18:43:20.12 -0330 X");
  EXPECT_EQ(TimeRfc3339(m), "2023-11-14T18:43:20.12-03:30");
  EXPECT_EQ(TimeFormat(m, "Mon Jan _2 3:04PM .000 ,00 2006"), "Tue Nov 14 6:43PM .120 ,12 2023");
  EXPECT_EQ(TimeText(Value::ZeroTime().as_time()), "0001-01-01 00:00:00 +0000 UTC");
  EXPECT_EQ(Value::Time(int64_t{-1}).as_time().seconds, -1);
  EXPECT_EQ(Value::Time(int64_t{-1}).as_time().nanos, 999999999);
}

}  // namespace
}  // namespace ctool::cli
