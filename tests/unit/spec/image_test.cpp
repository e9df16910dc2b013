// SPDX-License-Identifier: Apache-2.0
#include "spec/image.hpp"

#include <gtest/gtest.h>

namespace ctool::spec {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');

std::string Desc(std::string_view type, const std::string& digest, const std::string& extra = "",
                 const std::string& size = "7") {
  return R"({"mediaType":")" + std::string(type) + R"(","digest":")" + digest + R"(","size":)" +
         size + extra + "}";
}

std::string ManifestText(const std::string& extra = "") {
  return R"({"schemaVersion":2,"mediaType":")" + std::string(kOciManifest) + R"(","config":)" +
         Desc(kOciConfig, kDigest) + R"(,"layers":[)" + Desc(kOciLayerGzip, kOther) + "]" + extra +
         "}";
}

std::string IndexText(const std::string& entries, const std::string& extra = "") {
  return R"({"schemaVersion":2,"mediaType":")" + std::string(kOciIndex) + R"(","manifests":[)" +
         entries + "]" + extra + "}";
}

std::string On(const std::string& os, const std::string& arch, const std::string& variant = "") {
  return R"(,"platform":{"architecture":")" + arch + R"(","os":")" + os + "\"" +
         (variant.empty() ? "" : R"(,"variant":")" + variant + "\"") + "}";
}

// The message of a refused document; "" when it was accepted.
template <class T>
std::string Refusal(const Result<T>& result) {
  if (result.ok()) return "";
  EXPECT_EQ(result.error().code(), Code::kCorrupt);
  return result.error().Message();
}

void ExpectIn(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\n  lacks: " << part;
}

TEST(Manifest, RoundTrip) {
  const std::string text = ManifestText(R"(,"annotations":{"a":"<&>","b":""})");
  const auto manifest = Manifest::Parse(text);
  ASSERT_TRUE(manifest.ok()) << manifest.error().Message();
  EXPECT_EQ(manifest->config.digest.str(), kDigest);
  EXPECT_EQ(manifest->layers.at(0).size, 7);
  EXPECT_EQ(manifest->Print(), text);
}

TEST(Manifest, UnknownFieldsAreIgnored) {
  EXPECT_TRUE(Manifest::Parse(ManifestText(R"(,"subject":null,"x":[1.5,{"y":true}])")).ok());
}

TEST(Manifest, RefusesWhatIsAmbiguous) {
  ExpectIn(Refusal(Manifest::Parse(ManifestText(R"(,"manifests":[])"))), "ambiguous manifest");
  ExpectIn(Refusal(Manifest::Parse(ManifestText(R"(,"fsLayers":[])"))), "ambiguous manifest");
  ExpectIn(Refusal(Manifest::Parse(ManifestText(R"(,"layers":[])"))), "ambiguous manifest");
  ExpectIn(Refusal(Manifest::Parse(ManifestText(R"(,"x":{"k":1,"k":1})"))), "ambiguous manifest");
  ExpectIn(Refusal(IsIndex(ManifestText(), kOciIndex)), "ambiguous manifest");
  std::string labelled = ManifestText();
  labelled.replace(labelled.find(kOciManifest), kOciManifest.size(), kOciIndex);
  ExpectIn(Refusal(IsIndex(labelled, "")), "ambiguous manifest");
  ExpectIn(Refusal(Manifest::Parse(labelled)), "ambiguous manifest");
}

TEST(Manifest, RefusesBadShapes) {
  const auto refusal = [](const std::string& text) { return Refusal(Manifest::Parse(text)); };
  ExpectIn(refusal(R"({"schemaVersion":2,"config":null,"layers":null})"), "missing config");
  ExpectIn(refusal(R"({"schemaVersion":2,"config":)" + Desc(kOciConfig, kDigest) +
                   R"(,"layers":null})"),
           "missing layers");
  ExpectIn(refusal("{}"), "no image");
  ExpectIn(refusal("[]"), "must be a JSON object");
  ExpectIn(refusal(""), "invalid JSON at byte");
  ExpectIn(refusal(ManifestText().substr(0, 40)), "invalid JSON at byte");
  ExpectIn(refusal(ManifestText() + "x"), "invalid JSON at byte");
  ExpectIn(refusal(R"({"schemaVersion":1,"config":{}})"), "schema version 1");
  ExpectIn(refusal(R"({"schemaVersion":3,"config":{}})"), "schemaVersion must be 2");
  ExpectIn(refusal(IndexText("")), "not a manifest");
}

TEST(Manifest, RefusesBadDescriptors) {
  const auto refusal = [](const std::string& descriptor) {
    return Refusal(Manifest::Parse(R"({"schemaVersion":2,"config":)" + Desc(kOciConfig, kDigest) +
                                   R"(,"layers":[)" + descriptor + "]}"));
  };
  EXPECT_EQ(refusal(Desc(kOciLayer, kDigest)), "");
  ExpectIn(refusal(Desc(kOciLayer, kDigest, "", "-1")), "layers[0]: size must not be negative");
  ExpectIn(refusal(Desc(kOciLayer, kDigest, "", "1.5")), "size must be an integer");
  ExpectIn(refusal(Desc(kOciLayer, kDigest, "", "9223372036854775808")), "size is out of range");
  ExpectIn(refusal(Desc(kOciLayer, kDigest, "", "99999999999999999999")), "must be an integer");
  ExpectIn(refusal(Desc(kOciLayer, kDigest, "", "\"7\"")), "size must be an integer");
  ExpectIn(refusal(Desc(kOciLayer, kDigest, "", "null")), "missing size");
  ExpectIn(refusal(Desc(kOciLayer, "sha256:../../x")), "invalid digest");
  ExpectIn(refusal(Desc(kOciLayer, "")), "invalid digest");
  ExpectIn(refusal(Desc(kOciLayer, "md5:" + std::string(32, 'a'))), "unsupported algorithm");
  ExpectIn(refusal(Desc(kOciLayer, "SHA256:" + std::string(64, 'A'))), "unsupported algorithm");
  ExpectIn(refusal(Desc("", kDigest)), "missing mediaType");
  ExpectIn(refusal("null"), "layers[0]: must be a JSON object");
  ExpectIn(refusal(R"({"mediaType":"x","size":1})"), "missing digest");
}

TEST(Manifest, Limits) {
  ExpectIn(Refusal(Manifest::Parse(ManifestText(R"(,"x":")" + std::string(6 << 20, 'a') + "\""))),
           "larger than 4 MiB");
  ExpectIn(Refusal(Manifest::Parse(std::string(200'000, '['))), "nesting");
  std::string objects;
  for (int i = 0; i < 50'000; ++i) objects += R"({"a":)";
  ExpectIn(Refusal(ImageConfig::Parse(objects)), "nesting");
  // 64 levels are fine: the object itself and 63 below it.
  const auto nested = [](size_t n) {
    return ManifestText(R"(,"x":)" + std::string(n, '[') + std::string(n, ']'));
  };
  EXPECT_TRUE(Manifest::Parse(nested(63)).ok());
  ExpectIn(Refusal(Manifest::Parse(nested(64))), "nesting");
  std::string layers = Desc(kOciLayer, kDigest);
  for (int i = 0; i < 500; ++i) layers += "," + Desc(kOciLayer, kDigest);
  ExpectIn(Refusal(Manifest::Parse(R"({"config":)" + Desc(kOciConfig, kDigest) +
                                   R"(,"layers":[)" + layers + "]}")),
           "more than 500 layers");
}

TEST(IsIndex, ContentType) {
  EXPECT_FALSE(*IsIndex(ManifestText(), kOciManifest));
  EXPECT_FALSE(*IsIndex(ManifestText(), ""));
  EXPECT_TRUE(*IsIndex(IndexText(""), kOciIndex));
  EXPECT_TRUE(*IsIndex(R"({"manifests":[]})", kDockerList));
  EXPECT_TRUE(*IsIndex(R"({"manifests":[]})", "application/json"));
  ExpectIn(Refusal(IsIndex(ManifestText(), "text/html")), "not a manifest (text/html)");
  ExpectIn(Refusal(IsIndex("<html>", "text/html")), "not a manifest (text/html)");
  ExpectIn(Refusal(IsIndex("17", "")), "not a manifest (no content type)");
  ExpectIn(Refusal(IsIndex(ManifestText(), kDockerManifest)), "ambiguous manifest");
  ExpectIn(Refusal(IsIndex(R"({"config":{},"mediaType":"application/x-foo"})", "")),
           "not a manifest (application/x-foo)");
}

TEST(Index, Select) {
  const auto index = Index::Parse(IndexText(
      Desc(kOciManifest, "sha256:" + std::string(64, '0'), On("unknown", "unknown")) + "," +
      Desc(kOciManifest, "sha256:" + std::string(64, '1'), On("linux", "arm", "v6")) + "," +
      Desc(kOciManifest, "sha256:" + std::string(64, '2'), On("linux", "arm", "v7")) + "," +
      Desc(kOciManifest, "sha256:" + std::string(64, '3'), On("linux", "amd64", "v3")) + "," +
      Desc(kOciManifest, "sha256:" + std::string(64, '4'), On("linux", "amd64")) + "," +
      Desc(kOciIndex, "sha256:" + std::string(64, '5'), On("linux", "s390x")) + "," +
      Desc(kOciManifest, "sha256:" + std::string(64, '6'), On("linux", "arm64", "v8"))));
  ASSERT_TRUE(index.ok()) << index.error().Message();
  const auto pick = [&](const Platform& wanted) {
    const auto found = index->Select(wanted);
    return found.ok() ? std::string(found->digest.hex().substr(0, 1)) : found.error().Message();
  };
  EXPECT_EQ(pick({"linux", "amd64", ""}), "4");
  EXPECT_EQ(pick({"linux", "amd64", "v3"}), "3");
  EXPECT_EQ(pick({"linux", "amd64", "v2"}), "4");
  EXPECT_EQ(pick({"linux", "arm", "v7"}), "2");
  EXPECT_EQ(pick({"linux", "arm", "v8"}), "2");
  EXPECT_EQ(pick({"linux", "arm64", ""}), "6");
  ExpectIn(pick({"linux", "s390x", ""}), "no image for platform linux/s390x: it has linux/arm/v6");
  ExpectIn(pick({"unknown", "unknown", ""}), "no image for platform");
  EXPECT_EQ(index->Select({"linux", "riscv64", ""}).error().code(), Code::kNotFound);
  EXPECT_EQ(Index::Parse(index->Print())->Print(), index->Print());
}

TEST(Index, WithoutPlatforms) {
  const auto one = Index::Parse(IndexText(Desc(kOciManifest, kDigest)));
  EXPECT_EQ(one->Select({"linux", "amd64", ""})->digest.str(), kDigest);
  ExpectIn(Index::Parse(IndexText(""))->Select({"linux", "amd64", ""}).error().Message(),
           "no image");
  ExpectIn(Refusal(Index::Parse(R"({"manifests":null})")), "missing manifests");
  ExpectIn(Refusal(Index::Parse(ManifestText())), "not an index");
}

std::string ConfigText(const std::string& config) {
  return R"({"architecture":"amd64","os":"linux","config":)" + config +
         R"(,"rootfs":{"type":"layers","diff_ids":[")" + kDigest + "\"]}}";
}

TEST(ImageConfig, RoundTrip) {
  const std::string text =
      R"({"created":"2020-01-02T03:04:05Z","author":"me","architecture":"arm","variant":"v7",)"
      R"("os":"linux","config":{"User":"1:2","ExposedPorts":{"80/tcp":{},"8000-8010/udp":{}},)"
      R"("Env":["A=1","=x","B"],"Entrypoint":["/e"],"Cmd":["sh","-c","a\nb"],)"
      R"("Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"l":"\u001b[2J"},"StopSignal":"SIGINT",)"
      R"("Healthcheck":{"Test":["CMD","t"],"Interval":5,"Timeout":6,"StartPeriod":7,"Retries":8},)"
      R"("OnBuild":["RUN x"],"Shell":["/bin/bash","-c"]},"rootfs":{"type":"layers","diff_ids":[")" +
      kDigest +
      R"("]},"history":[{"created":"2020-01-02T03:04:05Z","created_by":"x","author":"y",)"
      R"("comment":"z"},{"empty_layer":true}],"comment":"c"})";
  const auto config = ImageConfig::Parse(text);
  ASSERT_TRUE(config.ok()) << config.error().Message();
  EXPECT_EQ(config->Print(), text);
  EXPECT_EQ(config->config.healthcheck->retries, 8);
  EXPECT_EQ(config->platform.Print(), "linux/arm/v7");
}

TEST(ImageConfig, NullsOfGoPrograms) {
  const auto config = ImageConfig::Parse(
      ConfigText(R"({"Cmd":null,"Env":null,"Entrypoint":null,"Volumes":null,"Labels":null,)"
                 R"("OnBuild":null,"ExposedPorts":null,"Healthcheck":null,"User":""})"));
  ASSERT_TRUE(config.ok()) << config.error().Message();
  EXPECT_TRUE(config->config.cmd.empty());
  EXPECT_TRUE(ImageConfig::Parse(ConfigText("null")).ok());
}

TEST(ImageConfig, Refuses) {
  const auto refusal = [](const std::string& config) {
    return Refusal(ImageConfig::Parse(ConfigText(config)));
  };
  EXPECT_EQ(refusal("{}"), "");
  ExpectIn(refusal(R"({"Cmd":"sh"})"), "cmd must be a list");
  ExpectIn(refusal(R"({"Entrypoint":{"a":1}})"), "entrypoint must be a list");
  ExpectIn(refusal(R"({"Cmd":["a",1]})"), "cmd must be a list of strings");
  ExpectIn(refusal(R"({"Entrypoint":["/bin/sh\u0000x"]})"), "NUL");
  ExpectIn(refusal(R"({"Env":["A=\u0000"]})"), "NUL");
  ExpectIn(refusal(R"({"User":"a\u0000"})"), "NUL");
  ExpectIn(refusal(R"({"User":7})"), "user must be a string");
  ExpectIn(refusal(R"({"Volumes":["/a"]})"), "volumes must be an object");
  ExpectIn(refusal(R"({"Labels":{"a":1}})"), "labels must be an object of strings");
  ExpectIn(refusal(R"({"Healthcheck":{"Interval":-5}})"), "healthcheck: interval");
  ExpectIn(refusal(R"({"Cmd":["\ud800"]})"), "invalid JSON");
  for (const char* port : {"99999/tcp", "-1", "xyz", "80/icmp", "9-8", "", "/tcp", "1-"})
    ExpectIn(refusal(R"({"ExposedPorts":{")" + std::string(port) + R"(":{}}})"), "invalid port");
  ExpectIn(refusal("[]"), "must be a JSON object");
  ExpectIn(Refusal(ImageConfig::Parse("null")), "missing config");
  ExpectIn(Refusal(ImageConfig::Parse("{}")), "missing rootfs");
  ExpectIn(Refusal(ImageConfig::Parse(R"({"rootfs":{"type":"x"}})")), "type must be");
  ExpectIn(Refusal(ImageConfig::Parse(R"({"rootfs":{"type":"layers","diff_ids":["x"]}})")),
           "invalid digest");
}

TEST(ImageConfig, PrintReplacesInvalidUtf8) {
  ImageConfig config;
  config.config.env = {"A=\xff"};
  EXPECT_EQ(ImageConfig::Parse(config.Print())->config.env.at(0), "A=\xef\xbf\xbd");
}

TEST(LayerCompression, Types) {
  EXPECT_EQ(*LayerCompression(kOciLayer), Compression::kNone);
  EXPECT_EQ(*LayerCompression(kOciLayerZstd), Compression::kZstd);
  EXPECT_EQ(*LayerCompression(kDockerLayerGzip), Compression::kGzip);
  const auto bad = LayerCompression("application/x-evil");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code(), Code::kUnsupported);
  ExpectIn(bad.error().Message(), "unsupported layer type");
}

}  // namespace
}  // namespace ctool::spec
