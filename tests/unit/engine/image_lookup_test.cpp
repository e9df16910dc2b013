// SPDX-License-Identifier: Apache-2.0
#include "engine/image_lookup_internal.hpp"

#include "image_fixture.hpp"

namespace ctool::engine {
namespace {

using ImageLookupTest = ImageTest;

// "a" for the image with the id aaa...; "-" when nothing is found.
std::string Find(Engine& engine, const std::string& name) {
  const Result<std::optional<FoundImage>> found = FindImage(engine, name);
  if (!found.ok()) return "error: " + found.error().Message();
  return *found ? (*found)->image.id.substr(0, 1) + " " + (*found)->name : "-";
}

TEST_F(ImageLookupTest, AShortNameIsLookedForInPodmansOrder) {
  Engine engine(options_);
  Put(engine, Row(Id('1'), {"docker.io/library/short:latest"}));
  EXPECT_EQ(Find(engine, "short"), "1 docker.io/library/short:latest");
  Put(engine, Row(Id('2'), {"two.example/short:latest"}));
  EXPECT_EQ(Find(engine, "short"), "2 two.example/short:latest");
  Put(engine, Row(Id('3'), {"one.example/short:latest"}));
  EXPECT_EQ(Find(engine, "short"), "3 one.example/short:latest");
  Put(engine, Row(Id('4'), {"localhost/short:latest"}));
  EXPECT_EQ(Find(engine, "short"), "4 localhost/short:latest");
  Put(engine, Row(Id('5'), {"alias.example/team/long:latest"}));
  EXPECT_EQ(Find(engine, "short"), "5 alias.example/team/long:latest");
  EXPECT_EQ(Find(engine, "short:other"), "-");
}

TEST_F(ImageLookupTest, AnEndOfANameIsTheLastResort) {
  Engine engine(options_);
  Put(engine, Row(Id('1'), {"quay.example/team/app:v1"}));
  EXPECT_EQ(Find(engine, "app:v1"), "1 quay.example/team/app:v1");
  EXPECT_EQ(Find(engine, "team/app:v1"), "1 quay.example/team/app:v1");
  EXPECT_EQ(Find(engine, "eam/app:v1"), "-");
  EXPECT_EQ(Find(engine, "pp:v1"), "-");
  EXPECT_EQ(Find(engine, "app"), "-");
}

TEST_F(ImageLookupTest, IdsAndDigests) {
  Engine engine(options_);
  const std::string id = "abc" + std::string(61, '0');
  Put(engine, Row(id, {"localhost/app:latest", "localhost/app:2"}));
  Put(engine, Row("abd" + std::string(61, '0'), {}));
  EXPECT_EQ(Find(engine, id), "a localhost/app:latest");
  EXPECT_EQ(Find(engine, "sha256:" + id), "a localhost/app:latest");
  EXPECT_EQ(Find(engine, "abc"), "a localhost/app:latest");
  EXPECT_EQ(Find(engine, "sha256:abc"), "-") << "a part of a digest is none";
  EXPECT_NE(Find(engine, "ab").find("more than one result"), std::string::npos);
  EXPECT_EQ(Find(engine, Id('f')), "-");

  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(Find(engine, "localhost/app@" + digest), "a localhost/app@" + digest);
  EXPECT_EQ(Find(engine, "app@" + digest), "a localhost/app@" + digest);
  EXPECT_EQ(Find(engine, "localhost/app:gone@" + digest), "a localhost/app@" + digest);
  EXPECT_EQ(Find(engine, "localhost/other@" + digest), "-");
}

TEST_F(ImageLookupTest, ANameThatLooksLikeAnIdIsAName) {
  Engine engine(options_);
  Put(engine, Row("abc" + std::string(61, '0'), {}));
  Put(engine, Row(Id('7'), {"localhost/abc:latest"}));
  EXPECT_EQ(Find(engine, "abc"), "7 localhost/abc:latest");
}

TEST_F(ImageLookupTest, WhatIsNoNameIsAnErrorAndWhatIsUnknownSaysSo) {
  Engine engine(options_);
  EXPECT_NE(Find(engine, "Upper").find("must be lowercase"), std::string::npos);
  const Result<FoundImage> missing = RequireImage(engine, "gone");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().Message(), "gone: image not known");
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
}

TEST_F(ImageLookupTest, APlatformIsWhatWasSaidAndTheHostsForTheRest) {
  FetchOptions fetch;
  EXPECT_FALSE(PlatformFrom(fetch)->asked);
  fetch.arch = "aarch64";
  EXPECT_EQ(PlatformFrom(fetch)->platform.Print(), "linux/arm64");
  fetch.platform = "linux/s390x";
  EXPECT_EQ(PlatformFrom(fetch).error().Message(),
            "--platform option can not be specified with --arch or --os");
}

TEST_F(ImageLookupTest, APlatformFitsUnlessBothSidesSayOtherwise) {
  const AskedPlatform host{{"linux", "amd64", "v2"}, false};
  EXPECT_EQ(PlatformMismatch({"linux", "arm64", ""}, host),
            "image platform (linux/arm64) does not match the expected platform (linux/amd64)");
  EXPECT_EQ(PlatformMismatch({"linux", "amd64", "v3"}, host), "") << "nobody asked for a variant";
  EXPECT_EQ(PlatformMismatch({"", "", ""}, host), "") << "it does not say";
  EXPECT_NE(PlatformMismatch({"linux", "arm", "v7"}, {{"linux", "arm", "v6"}, true}), "");
}

TEST_F(ImageLookupTest, TransportsInFrontOfAName) {
  EXPECT_EQ(*WithoutTransport("docker://alpine:3"), "alpine:3");
  EXPECT_EQ(*WithoutTransport("alpine:3"), "alpine:3");
  EXPECT_EQ(WithoutTransport("oci-archive:x.tar").error().code(), Code::kUnsupported);
}

TEST_F(ImageLookupTest, EnsureFindsALocalImageByItsPolicy) {
  Engine engine(options_);
  Put(engine, Row(Id('1'), {"localhost/app:latest"}));
  const FetchOptions fetch;
  for (const char* policy : {"missing", "never"}) {
    const Result<FoundImage> found = EnsureImage(engine, "app", policy, fetch);
    ASSERT_TRUE(found.ok()) << found.error().Message();
    EXPECT_EQ(found->image.id, Id('1'));
  }
  EXPECT_EQ(EnsureImage(engine, "gone", "never", fetch).error().Message(), "gone: image not known");
  EXPECT_EQ(EnsureImage(engine, "app", "sometimes", fetch).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace ctool::engine
