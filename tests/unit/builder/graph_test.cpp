// SPDX-License-Identifier: Apache-2.0
#include "builder/graph.hpp"

#include <gtest/gtest.h>

#include "build/parser.hpp"

namespace ctool::builder {
namespace {

struct Made {
  explicit Made(std::string_view text, const std::string& target = "", const std::string& from = "", GivenContexts given = {})
      : file(*build::ParseContainerfile("F", text)), scope({}, {"linux", "amd64", ""}, {"linux", "amd64", ""}) {
    for (const build::Instruction& one : file.global_arguments) EXPECT_TRUE(scope.Declare(std::get<build::Arg>(one.body), file.escape).ok());
    result.emplace(Graph::Make(file, scope, given, target, from));
  }
  const Graph& graph() const { return **result; }
  std::string error() const { return result->ok() ? "" : result->error().Message(); }

  build::Containerfile file;
  build::GlobalScope scope;
  std::optional<Result<Graph>> result;
};

constexpr char kThree[] = "FROM a AS one\nFROM b AS two\nRUN true\nFROM one\nCOPY --from=x/y /f /\n";

TEST(GraphTest, OnlyWhatTheTargetNeeds) {
  EXPECT_EQ(Made(kThree).graph().needed, (std::vector<size_t>{0, 2}));
  EXPECT_EQ(Made(kThree, "two").graph().needed, (std::vector<size_t>{1}));
  EXPECT_EQ(Made(kThree, "TWO").graph().needed, (std::vector<size_t>{1}));
  EXPECT_EQ(Made(kThree, "0").graph().needed, (std::vector<size_t>{0}));
  EXPECT_NE(Made(kThree, "three").error().find("\"three\" was not found"), std::string::npos);
}

TEST(GraphTest, CopyAndMountFromAStageNeedIt) {
  const Made copy("FROM a AS one\nFROM a\nFROM scratch\nCOPY --from=one /f /\nCOPY --from=1 /f /g\n");
  EXPECT_EQ(copy.graph().needed, (std::vector<size_t>{0, 1, 2}));
  const Made mount("FROM a AS one\nFROM a\nRUN --mount=from=one,target=/x true\n");
  EXPECT_EQ(mount.graph().needed, (std::vector<size_t>{0, 1}));
}

TEST(GraphTest, Origins) {
  const Made made("FROM scratch\nFROM 0\nFROM named AS b\nFROM ctx\n", "", "", {{"ctx", ""}});
  EXPECT_EQ(made.graph().nodes[0].base.kind, Origin::Kind::kScratch);
  EXPECT_EQ(made.graph().nodes[1].base.kind, Origin::Kind::kImage);  // a number names no stage in FROM
  EXPECT_EQ(made.graph().nodes[2].base.kind, Origin::Kind::kImage);
  EXPECT_EQ(made.graph().nodes[3].base.kind, Origin::Kind::kContext);
  // A stage does not see itself, or what comes later.
  EXPECT_EQ(made.graph().Find(made.file, {}, 2, "b").kind, Origin::Kind::kImage);
  EXPECT_EQ(made.graph().Find(made.file, {}, 3, "B").kind, Origin::Kind::kStage);
}

TEST(GraphTest, FromIsExpanded) {
  EXPECT_EQ(Made("ARG I=img\nFROM ${I}:1\n").graph().nodes[0].image, "img:1");
  EXPECT_NE(Made("FROM $NONE\n").error().find("the image's name is empty"), std::string::npos);
  EXPECT_EQ(Made("FROM a\nFROM b\n", "0", "other").graph().nodes[0].image, "other");
}

}  // namespace
}  // namespace ctool::builder
