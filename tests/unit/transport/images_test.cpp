// SPDX-License-Identifier: Apache-2.0
#include "transport/images.hpp"

#include "lab.hpp"

namespace ctool::transport {
namespace {

using test::BothWays;
using test::ExpectIn;
using test::OciMembers;
using test::ReadBlob;
using test::Refusal;
using test::Tar;
using test::TestImage;
using test::TestMember;

std::string ManifestJson(const std::string& config, const std::string& tags, const std::string& layers) {
  return R"([{"Config":")" + config + R"(","RepoTags":)" + tags + R"(,"Layers":)" + layers + "}]";
}

Result<Images> Find(const std::vector<TestMember>& members) {
  const auto archive = OpenTarFile(test::InFile(Tar(members)), "x.tar");
  if (!archive.ok()) return archive.error();
  return FindImages(*archive);
}

TEST(OciImages, OneImage) {
  const TestImage image;
  const BothWays both(Tar(OciMembers(image, "name:1")));
  for (const auto* archive : {&both.file, &both.stream}) {
    ASSERT_OK(*archive);
    const Result<Images> images = FindImages(**archive);
    ASSERT_OK(images);
    ASSERT_EQ(images->size(), 1u);
    ImageSource& source = *images->front();
    EXPECT_EQ(source.GivenNames(), std::vector<std::string>{"name:1"});
    EXPECT_EQ(source.Name(), "oci-archive:x.tar:name:1");
    const auto top = source.GetManifest({});
    ASSERT_OK(top);
    EXPECT_EQ(top->bytes, image.bytes);
    EXPECT_EQ(ReadBlob(source, image.manifest.layers[0]), image.layer);
    spec::Descriptor wrong = image.manifest.layers[0];
    ++wrong.size;
    ExpectIn(ReadBlob(source, wrong), "wrong size");
  }
}

TEST(OciImages, NamesOfContainerdComeFirstAndOneImageMayHaveSeveral) {
  const TestImage image;
  std::vector<TestMember> members = OciMembers(image, "latest");
  spec::Index index = *spec::Index::Parse(members[4].text);
  index.manifests[0].annotations["io.containerd.image.name"] = "docker.io/library/a:latest";
  index.manifests.push_back(index.manifests[0]);
  index.manifests[1].annotations = {{std::string(spec::kRefNameAnnotation), "b:2"}};
  members[4].text = index.Print();
  const Result<Images> images = Find(members);
  ASSERT_OK(images);
  ASSERT_EQ(images->size(), 1u);
  EXPECT_EQ(images->front()->GivenNames(), (std::vector<std::string>{"docker.io/library/a:latest", "b:2"}));
}

TEST(OciImages, PlatformsInIndexJsonAreOneImage) {
  const TestImage image;
  std::vector<TestMember> members = OciMembers(image, "");
  spec::Index index = *spec::Index::Parse(members[4].text);
  index.manifests[0].platform = *spec::Platform::Parse("linux/amd64");
  index.manifests.push_back(index.manifests[0]);
  index.manifests[1].platform = *spec::Platform::Parse("linux/arm64");
  members[4].text = index.Print();
  const Result<Images> images = Find(members);
  ASSERT_OK(images);
  ASSERT_EQ(images->size(), 1u);
  EXPECT_EQ(images->front()->GetManifest({})->bytes, members[4].text);
}

TEST(OciImages, Refusals) {
  const TestImage image;
  const auto with = [&](size_t member, const std::string& text) {
    std::vector<TestMember> members = OciMembers(image, "a");
    members[member].text = text;
    return Refusal(Find(members));
  };
  ExpectIn(with(5, R"({"imageLayoutVersion":"2.0.0"})"), "imageLayoutVersion");
  ExpectIn(with(5, "{}"), "imageLayoutVersion");
  ExpectIn(with(4, R"({"schemaVersion":2,"manifests":[]})"), "no images in archive");
  ExpectIn(with(4, "[]"), "manifest");
  std::vector<TestMember> members = OciMembers(image, "a");
  members.pop_back();
  ExpectIn(Refusal(Find(members)), "\"oci-layout\" is missing");
  members = OciMembers(image, "a");
  members[3].text += " ";
  const Result<Images> changed = Find(members);
  ASSERT_OK(changed);
  ExpectIn(Refusal(changed->front()->GetManifest({})), "digest mismatch");
}

TEST(DockerImages, AManifestIsMadeOfWhatIsThere) {
  const TestImage image;
  const std::vector<TestMember> members = {
      {"layer.tar", image.layer}, {"c.json", image.config},
      {"manifest.json", ManifestJson("c.json", R"(["a/b:1","c:2"])", R"(["layer.tar"])")}};
  const BothWays both(Tar(members));
  for (const auto* archive : {&both.file, &both.stream}) {
    const Result<Images> images = FindImages(**archive);
    ASSERT_OK(images);
    ImageSource& source = *images->front();
    EXPECT_EQ(source.GivenNames(), (std::vector<std::string>{"a/b:1", "c:2"}));
    const auto top = source.GetManifest({});
    ASSERT_OK(top);
    const auto manifest = spec::Manifest::Parse(top->bytes);
    ASSERT_OK(manifest);
    EXPECT_EQ(manifest->media_type, spec::kDockerManifest);
    EXPECT_EQ(manifest->layers[0].digest, image.layer_digest);
    EXPECT_EQ(manifest->layers[0].media_type, spec::kDockerLayer);
    EXPECT_EQ(ReadBlob(source, manifest->layers[0]), image.layer);
    EXPECT_EQ(ReadBlob(source, manifest->config), image.config);
    EXPECT_EQ(source.GetManifest(top->digest)->bytes, top->bytes);
    EXPECT_FALSE(source.GetManifest(image.layer_digest).ok());
  }
}

TEST(DockerImages, Refusals) {
  const TestImage image;
  const auto manifest = [&](const std::string& text) {
    return Refusal(Find({{"layer.tar", image.layer}, {"c.json", image.config}, {"manifest.json", text}}));
  };
  ExpectIn(manifest("[]"), "no images in archive");
  ExpectIn(manifest("{}"), "not a list");
  ExpectIn(manifest("[{}]"), "missing config");
  ExpectIn(manifest(ManifestJson("../c.json", "null", "[]")), "invalid member name");
  ExpectIn(manifest(ManifestJson("/etc/passwd", "null", "[]")), "invalid member name");
  ExpectIn(manifest(ManifestJson("c.json", "null", R"(["a//b"])")), "invalid member name");
  ExpectIn(manifest(ManifestJson("c.json", R"("x")", "[]")), "list of strings");
  const Result<Images> layers = Find({{"c.json", image.config}, {"manifest.json", ManifestJson("c.json", "[]", "[]")}});
  ASSERT_OK(layers);
  ExpectIn(Refusal(layers->front()->GetManifest({})), "layers do not match the image config");
}

TEST(Images, ChosenByNameOrPlace) {
  const TestImage image;
  const std::string two = R"([{"Config":"c.json","RepoTags":["docker.io/library/a:1"],"Layers":["l"]},)"
                          R"({"Config":"c.json","RepoTags":["localhost/b:latest"],"Layers":["l"]}])";
  const auto choose = [&](const char* name) {
    const auto archive = OpenTarFile(test::InFile(Tar({{"l", image.layer}, {"c.json", image.config}, {"manifest.json", two}})), "x");
    return FindImages(*archive, **ImageName::Parse(name));
  };
  EXPECT_EQ(choose("docker-archive:x")->size(), 2u);
  EXPECT_EQ(choose("docker-archive:x:@1")->front()->GivenNames()[0], "localhost/b:latest");
  EXPECT_EQ(choose("docker-archive:x:b")->front()->GivenNames()[0], "localhost/b:latest");
  EXPECT_EQ(choose("docker-archive:x:docker.io/library/a:1")->size(), 1u);
  ExpectIn(Refusal(choose("docker-archive:x:none")), "no image of that name");
  ExpectIn(Refusal(choose("docker-archive:x:@2")), "there are 2 images");
  EXPECT_FALSE(choose("oci-archive:x").ok());
}

TEST(Images, NeitherOneNorTheOther) {
  ExpectIn(Refusal(Find({{"file", "x"}})), "not an image archive");
}

}  // namespace
}  // namespace ctool::transport
