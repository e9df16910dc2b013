// SPDX-License-Identifier: Apache-2.0
#include "build/scope.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "build/expand.hpp"
#include "build/parser.hpp"

namespace ctool::build {
namespace {

const spec::Platform kBuild{"linux", "amd64", ""};
const spec::Platform kTarget{"linux", "arm", "v7"};

// Evaluates the file's ARGs and ENVs; "stage.instruction" of interest is the last stage's end.
struct Evaluated {
  explicit Evaluated(std::string_view text, Variables given = {}, const std::vector<std::string>& base = {})
      : file(*ParseContainerfile("F", text)), global(std::move(given), kBuild, kTarget), stage(global, base) {
    for (const Instruction& one : file.global_arguments)
      EXPECT_TRUE(global.Declare(std::get<Arg>(one.body), file.escape).ok());
    for (const Stage& each : file.stages) {
      stage = StageScope(global, base);
      for (const Instruction& one : each.instructions) {
        const auto* arg = std::get_if<Arg>(&one.body);
        EXPECT_TRUE(arg == nullptr || stage.Declare(*arg, file.escape).ok());
        const auto* env = std::get_if<Env>(&one.body);
        EXPECT_TRUE(env == nullptr || stage.Set(*env, file.escape).ok());
      }
    }
  }
  std::string operator[](std::string_view name) const { return stage.Find(name).value_or("(unset)"); }
  Containerfile file;
  GlobalScope global;
  StageScope stage;
};

TEST(Scope, GlobalArgumentsAreForFrom) {
  const Evaluated e("ARG V=1 W=$V\nFROM a\nARG X");
  EXPECT_EQ(e.global.Find("V"), "1");
  EXPECT_EQ(e.global.Find("W"), "1");
  EXPECT_EQ(e["V"], "(unset)");
  EXPECT_EQ(e["X"], "(unset)");
}

TEST(Scope, StageTakesGlobalDefaultByName) {
  EXPECT_EQ(Evaluated("ARG V=1\nFROM a\nARG V")["V"], "1");
  EXPECT_EQ(Evaluated("ARG V=1\nFROM a\nARG V=2")["V"], "2");
  EXPECT_EQ(Evaluated("ARG V=1\nFROM a\nARG V=2", {{"V", "3"}})["V"], "3");
  EXPECT_EQ(Evaluated("ARG V=1\nFROM a\nARG V\nFROM b")["V"], "(unset)");
}

TEST(Scope, GivenOnlyWhereDeclared) {
  EXPECT_EQ(Evaluated("FROM a", {{"V", "3"}})["V"], "(unset)");
  EXPECT_EQ(Evaluated("FROM a\nARG V", {{"V", "3"}})["V"], "3");
  EXPECT_EQ(Evaluated("FROM a\nARG V=d", {{"V", ""}})["V"], "");
}

TEST(Scope, EnvironmentWinsOverArguments) {
  EXPECT_EQ(Evaluated("FROM a\nARG V\nENV V=v1", {{"V", "v2"}})["V"], "v1");
  EXPECT_EQ(Evaluated("FROM a\nENV V=v1\nARG V=x", {{"V", "v2"}})["V"], "v1");
  EXPECT_EQ(Evaluated("FROM a\nARG V\nENV V=${V:-v1}", {{"V", "v2"}})["V"], "v2");
  EXPECT_EQ(Evaluated("FROM a\nARG V\nENV V=${V:-v1}")["V"], "v1");
  EXPECT_EQ(Evaluated("FROM a\nARG PATH=x", {}, {"PATH=/bin"})["PATH"], "/bin");
}

TEST(Scope, OneInstructionSeesWhatWasBefore) {
  const Evaluated e("FROM a\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\nARG x=1 y=$x");
  EXPECT_EQ(e["def"], "hello");
  EXPECT_EQ(e["ghi"], "bye");
  EXPECT_EQ(e["y"], "");
}

TEST(Scope, Platforms) {
  const Evaluated e("FROM a\nARG TARGETPLATFORM BUILDARCH TARGETVARIANT BUILDVARIANT\nARG TARGETOS=mine");
  EXPECT_EQ(e.global.Find("TARGETARCH"), "arm");
  EXPECT_EQ(e["TARGETPLATFORM"], "linux/arm/v7");
  EXPECT_EQ(e["BUILDARCH"], "amd64");
  EXPECT_EQ(e["TARGETVARIANT"], "v7");
  EXPECT_EQ(e["BUILDVARIANT"], "");
  EXPECT_EQ(e["TARGETOS"], "mine");
  EXPECT_EQ(e["TARGETARCH"], "(unset)");
  EXPECT_EQ(Evaluated("FROM a\nARG TARGETARCH", {{"TARGETARCH", "x"}})["TARGETARCH"], "x");
}

TEST(Scope, Inheritance) {
  const Evaluated base("FROM a\nARG V=1\nENV E=2");
  StageScope next = base.stage;
  EXPECT_EQ(next.Find("V"), "1");
  EXPECT_EQ(next.Find("E"), "2");
}

TEST(Scope, RunEnvironment) {
  const Evaluated e("FROM a\nARG A=1 B=1\nENV B=2 C=3", {{"HTTP_PROXY", "http://p"}, {"other", "x"}}, {"PATH=/bin"});
  EXPECT_EQ(e.stage.RunEnvironment(),
            (Variables{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"HTTP_PROXY", "http://p"}, {"PATH", "/bin"}}));
  EXPECT_EQ(e["HTTP_PROXY"], "(unset)");
  EXPECT_EQ(e.stage.environment(), (std::vector<KeyValue>{{"PATH", "/bin"}, {"B", "2"}, {"C", "3"}}));
  EXPECT_EQ(Join(e.global.Unused(), ","), "other");
}

TEST(Scope, ValuesAreExpandedAndNamesChecked) {
  EXPECT_EQ(Evaluated("FROM a\nENV a=\"x y\" b='$a' c=d\\ e")["a"], "x y");
  EXPECT_EQ(Evaluated("FROM a\nENV a b  \"c\"  d")["a"], "b  c  d");
  EXPECT_EQ(Evaluated("FROM a\nARG n=key\nENV $n=v")["key"], "v");
  GlobalScope global({}, kBuild, kTarget);
  StageScope stage(global, {});
  EXPECT_EQ(stage.Set(Env{{{"$none", "v"}}}, '\\').error().text(), "ENV name \"$none\" is blank or has a = in it");
  EXPECT_EQ(stage.Declare(Arg{{{"'a=b'", {}}}}, '\\').error().text(), "ARG name \"'a=b'\" is blank or has a = in it");
  EXPECT_FALSE(stage.Set(Env{{{"a", "1"}, {"b", "'"}}}, '\\').ok());
  EXPECT_EQ(stage.Find("a"), std::nullopt);  // all or nothing
}

}  // namespace
}  // namespace ctool::build
