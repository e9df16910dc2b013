// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/container_spec.hpp"
#include "engine/json_slices_internal.hpp"

namespace ctool::engine {
namespace {

TEST(JsonSlicesTest, MembersAreCutAsTheyAreWritten) {
  const auto members = CutObject(R"( {"a": "x\"}", "b":[1,{"c":"]"}] , "d":-1.5e3,"e":{}} )");
  ASSERT_TRUE(members);
  EXPECT_EQ(*members, (JsonMembers{{"a", R"("x\"}")"}, {"b", R"([1,{"c":"]"}])"}, {"d", "-1.5e3"}, {"e", "{}"}}));
  EXPECT_TRUE(CutObject("{}")->empty());
  EXPECT_EQ(*CutArray(R"(["a",[],{} ,7])"), (std::vector<std::string_view>{R"("a")", "[]", "{}", "7"}));
}

TEST(JsonSlicesTest, WhatIsNoObjectIsNothing) {
  for (const char* text : {"", " ", "{", "}", "[]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1}x", "{a:1}", "{\"a\" 1}", "{\"a\":1,,\"b\":2}",
                           "{\"a\":\"x}", "{\"a\":[1}", "{\"a\":}", "{\"a\":1 \"b\":2}", "{\"\\", "null"})
    EXPECT_FALSE(CutObject(text)) << text;
}

TEST(JsonSlicesTest, Strings) {
  EXPECT_EQ(CutString(R"("plain")"), "plain");
  EXPECT_EQ(CutString(R"("a\n\u00e9\\")"), "a\n\xc3\xa9\\");
  EXPECT_FALSE(CutString("7"));
  EXPECT_FALSE(CutString("\""));
  EXPECT_FALSE(CutString(R"("\q")"));
}

TEST(ContainerSpecTest, WhatIsWrittenIsRead) {
  ContainerSpec spec;
  spec.id = "id";
  spec.env = {"A=\"quoted\"\n", "B=\\", "C=\xff"};
  spec.labels = {{"k\"ey", "v"}, {"", "empty"}};
  spec.mounts = {{"volume", "v", "", "/data", {"ro"}, true}};
  spec.rlimits = {{"RLIMIT_NOFILE", 1, UINT64_MAX}};
  spec.stop_timeout = -1;
  spec.limits.cpus = 1.5;
  spec.healthcheck = spec::HealthCheck{{"CMD", "true"}, 5};
  spec.systemd = true;
  spec.dependencies = {"a", "b"};
  const Result<ContainerSpec> read = ContainerSpec::Parse(spec.Print());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->Print(), spec.Print());
  EXPECT_EQ(read->env[0], spec.env[0]);
  EXPECT_EQ(read->labels, spec.labels);
  EXPECT_EQ(read->rlimits[0].hard, UINT64_MAX);
  EXPECT_EQ(read->healthcheck->interval, 5);
}

TEST(ContainerSpecTest, FieldsOfAnotherTypeOrOrderOrNone) {
  const Result<ContainerSpec> spec = ContainerSpec::Parse(R"({"stopTimeout":"x","tty":1,"env":{},"name":"n","unknown":[{}],"id":"i"})");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(spec->stop_timeout, 10);
  EXPECT_FALSE(spec->tty);
  EXPECT_TRUE(spec->env.empty());
  EXPECT_EQ(spec->id + spec->name, "in");
  EXPECT_FALSE(ContainerSpec::Parse("[]").ok());
  EXPECT_FALSE(ContainerSpec::Parse("{\"id\":").ok());
}

}  // namespace
}  // namespace ctool::engine
