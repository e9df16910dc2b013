// SPDX-License-Identifier: Apache-2.0
#include "spec/artifact.hpp"

#include <gtest/gtest.h>

namespace ctool::spec {
namespace {

using namespace std::string_view_literals;

Descriptor File(const std::string& title, char digit) {
  Descriptor file;
  file.media_type = "text/plain";
  file.digest = *Digest::Parse("sha256:" + std::string(64, digit));
  file.size = 5;
  file.annotations[kTitle] = title;
  return file;
}

TEST(Artifact, ANewOneIsAManifestWithTheEmptyConfig) {
  const std::string bytes = *AppendFiles(NewArtifact("", "2026-01-02T03:04:05Z"), {File("a", '1')});
  const Manifest manifest = *Manifest::Parse(bytes);
  EXPECT_EQ(manifest.media_type, kOciManifest);
  EXPECT_EQ(manifest.config.media_type, kEmptyType);
  EXPECT_EQ(manifest.config.size, 2);
  ASSERT_EQ(manifest.layers.size(), 1u);
  EXPECT_EQ(manifest.layers[0].annotations.at(kTitle), "a");
  EXPECT_EQ(manifest.annotations.at(kCreated), "2026-01-02T03:04:05Z");
  EXPECT_NE(bytes.find(R"("artifactType":"application/vnd.unknown.artifact.v1")"), std::string::npos);
  EXPECT_NE(bytes.find(R"("data":"e30=")"), std::string::npos);
}

TEST(Artifact, AppendingKeepsWhatWeDoNotKnow) {
  std::string bytes = NewArtifact("a/b", "t");
  bytes.insert(1, R"("com.example.unknown":[1,{"z":2,"a":3}],)");
  const std::string longer = *AppendFiles(bytes, {File("x", '1'), File("y", '2')});
  EXPECT_EQ(longer.find(R"({"com.example.unknown":[1,{"z":2,"a":3}],)"), 0u);
  EXPECT_EQ(Manifest::Parse(longer)->layers.size(), 2u);
}

TEST(Artifact, NoMoreFilesThanAManifestMayHave) {
  const std::vector<Descriptor> many(501, File("x", '1'));
  EXPECT_FALSE(AppendFiles(NewArtifact("", "t"), many).ok());
  EXPECT_FALSE(AppendFiles("{}", {}).ok());
}

TEST(Artifact, TypesByTheFirstBytes) {
  EXPECT_EQ(SniffType(""), "text/plain; charset=utf-8");
  EXPECT_EQ(SniffType("hello\n"), "text/plain; charset=utf-8");
  EXPECT_EQ(SniffType("{\"a\": 1}"), "text/plain; charset=utf-8");
  EXPECT_EQ(SniffType("\x1f\x8b\x08\x00"sv), "application/x-gzip");
  EXPECT_EQ(SniffType("PK\x03\x04zip"sv), "application/zip");
  EXPECT_EQ(SniffType("\x89PNG\x0d\x0a\x1a\x0a"sv), "image/png");
  EXPECT_EQ(SniffType("%PDF-1.7"), "application/pdf");
  EXPECT_EQ(SniffType("RIFF0000WAVEfmt "), "audio/wave");
  EXPECT_EQ(SniffType("RIFF0000WAV"), "text/plain; charset=utf-8");
  EXPECT_EQ(SniffType("\n <!DOCTYPE HTML>"), "text/html; charset=utf-8");
  EXPECT_EQ(SniffType("<abc>"), "text/plain; charset=utf-8");
  EXPECT_EQ(SniffType("<?xml version=\"1.0\"?>"), "text/xml; charset=utf-8");
  EXPECT_EQ(SniffType("\x7f" "ELF\x02\x01\x01\x00"sv), "application/octet-stream");
  EXPECT_EQ(SniffType("text with\x00zero"sv), "application/octet-stream");
  EXPECT_EQ(SniffType(std::string(512, 'a') + '\0'), "text/plain; charset=utf-8");
}

}  // namespace
}  // namespace ctool::spec
