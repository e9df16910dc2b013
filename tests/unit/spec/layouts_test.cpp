// SPDX-License-Identifier: Apache-2.0
#include "spec/layouts.hpp"

#include <gtest/gtest.h>

#include "spec/legacy_layer.hpp"

namespace ctool::spec {
namespace {

TEST(ArchiveManifest, RoundTrip) {
  const std::string text = R"([{"Config":"c.json","RepoTags":["a:1","b:2"],"Layers":["l.tar"]},{"Config":"d.json","RepoTags":[],"Layers":[]}])";
  const auto images = ParseArchiveManifest(text);
  ASSERT_TRUE(images.ok());
  EXPECT_EQ(PrintArchiveManifest(*images), text);
}

TEST(ArchiveManifest, NullIsNothing) {
  const auto images = ParseArchiveManifest(R"([{"Config":"c","RepoTags":null,"Layers":null}])");
  ASSERT_TRUE(images.ok());
  EXPECT_TRUE(images->front().repo_tags.empty());
}

TEST(ArchiveManifest, Refusals) {
  for (const char* text : {"", "7", "{}", "null", "[7]", "[{}]", R"([{"Config":""}])", R"([{"Config":"a","Config":"b"}])",
                           R"([{"Config":"a","Layers":[7]}])", "[[[[", R"([{"Config":"a","RepoTags":{"a":1}}])"}) {
    const auto images = ParseArchiveManifest(text);
    ASSERT_FALSE(images.ok()) << text;
    EXPECT_EQ(images.error().code(), Code::kCorrupt) << text;
  }
  std::string many = "[";
  for (int i = 0; i < 1001; ++i) many += R"({"Config":"a"},)";
  many.back() = ']';
  EXPECT_FALSE(ParseArchiveManifest(many).ok());
}

TEST(OciLayout, Versions) {
  EXPECT_TRUE(CheckOciLayout(kOciLayoutText).ok());
  EXPECT_TRUE(CheckOciLayout(R"({"imageLayoutVersion":"1.1.0"})").ok());
  for (const char* text : {"", "{}", "[]", R"({"imageLayoutVersion":"9.0.0"})", R"({"imageLayoutVersion":1})"})
    EXPECT_FALSE(CheckOciLayout(text).ok()) << text;
}

// What is hashed, in the order of Go's printer.
TEST(LegacyLayers, AreWhatPodmanWrites) {
  const Digest one = *Digest::Parse("sha256:" + std::string(64, '1')), two = *Digest::Parse("sha256:" + std::string(64, '2'));
  std::vector<std::string> hashed;
  const auto layers = LegacyLayers(R"({"os":"linux","config":{"Z":1,"A":"<&>"},"history":[]})", {one, two}, [&](std::string_view text) {
    hashed.emplace_back(text);
    return std::string(64, static_cast<char>('a' + hashed.size()));
  });
  ASSERT_TRUE(layers.ok());
  const std::string b(64, 'b'), c(64, 'c'), d(64, 'd');
  EXPECT_EQ(hashed, (std::vector<std::string>{
                        R"({"layer_id":")" + one.str() + "\"}", one.str() + " " + two.str(),
                        R"({"architecture":null,"config":{"Z":1,"A":"\u003c\u0026\u003e"},"container":null,"container_config":null,"created":null,"docker_version":null,"layer_id":"sha256:)" +
                            c + R"(","os":"linux","parent":")" + b + "\"}"}));
  EXPECT_EQ((*layers)[0].json, R"({"id":")" + b + "\"}");
  EXPECT_EQ((*layers)[1].id, d);
}

}  // namespace
}  // namespace ctool::spec
