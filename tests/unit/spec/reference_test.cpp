// SPDX-License-Identifier: Apache-2.0
#include "spec/reference.hpp"

#include <gtest/gtest.h>

namespace ctool::spec {
namespace {

const std::string kHex(64, 'a');

TEST(Reference, FullName) {
  const auto ref = Reference::Parse("quay.io:443/ns/sub/app:v1.2@sha256:" + kHex);
  ASSERT_TRUE(ref.ok()) << ref.error().Message();
  EXPECT_EQ(ref->domain, "quay.io:443");
  EXPECT_EQ(ref->path, "ns/sub/app");
  EXPECT_EQ(ref->tag, "v1.2");
  EXPECT_EQ(ref->digest.str(), "sha256:" + kHex);
  EXPECT_EQ(ref->TagOrDigest(), "sha256:" + kHex);
  EXPECT_EQ(ref->Name(), "quay.io:443/ns/sub/app:v1.2@sha256:" + kHex);
}

TEST(Reference, Defaults) {
  EXPECT_EQ(Reference::Parse("docker.io/alpine")->Name(), "docker.io/library/alpine:latest");
  EXPECT_EQ(Reference::Parse("index.docker.io/alpine")->Name(), "docker.io/library/alpine:latest");
  EXPECT_EQ(Reference::Parse("docker.io/me/alpine")->Name(), "docker.io/me/alpine:latest");
  EXPECT_EQ(Reference::Parse("localhost/x")->Name(), "localhost/x:latest");
  EXPECT_EQ(Reference::Parse("[::1]:5000/x:1")->Name(), "[::1]:5000/x:1");
  EXPECT_EQ(Reference::Parse("h.io/x@sha256:" + kHex)->tag, "");
  EXPECT_EQ(Reference::ParseWithDomain("alpine", "docker.io")->Repository(),
            "docker.io/library/alpine");
  EXPECT_EQ(Reference::ParseWithDomain("alpine:3", "quay.io")->Name(), "quay.io/alpine:3");
  EXPECT_EQ(Reference::ParseWithDomain("a.io/alpine", "quay.io")->Name(), "a.io/alpine:latest");
}

TEST(Reference, ShortNames) {
  EXPECT_TRUE(IsShortName("alpine"));
  EXPECT_TRUE(IsShortName("alpine:3"));
  EXPECT_TRUE(IsShortName("library/alpine"));
  EXPECT_FALSE(IsShortName("localhost/alpine"));
  EXPECT_FALSE(IsShortName("h:5000/alpine"));
  EXPECT_FALSE(IsShortName("a.b/alpine"));
  const auto ref = Reference::Parse("library/alpine");
  ASSERT_FALSE(ref.ok());
  EXPECT_EQ(ref.error().code(), Code::kInvalidArgument);
}

TEST(Reference, Separators) {
  for (const char* good : {"a.io/a", "a.io/a-b", "a.io/a---b", "a.io/a_b", "a.io/a__b", "a.io/a.b",
                           "a.io/0/1.2/c", "a.io/a-b_c.d", "a.io:1/a"})
    EXPECT_TRUE(Reference::Parse(good).ok()) << good;
  for (const char* bad :
       {"a.io/a..b", "a.io/a___b", "a.io/a._b", "a.io/-a", "a.io/a-", "a.io/.a", "a.io/a.",
        "a.io//a", "a.io/a/", "a.io/", "a.io/A", "a.io/a b", "a.io/a\n", "a.io/../evil",
        "a.io/a\xc3\xa9", "-a.io/x", "a-.io/x", "a..io/x", ".io/x", "a.io:/x", "a.io:99999/x",
        "a.io:1a/x", "[::g]/x", "[::1/x", "[]/x:y", "a_b.io/x", ":5000/x", "a.io/x:", "a.io/x:-t",
        "a.io/x:.t", "a.io/x:a:b", "a.io/x@", "a.io/x@sha256:abc", "a.io/x@md5:abc", "a.io/:t",
        "a.io/x:UPPER/..", "", "/", "/x"}) {
    const auto ref = Reference::Parse(bad);
    ASSERT_FALSE(ref.ok()) << bad;
    EXPECT_EQ(ref.error().code(), Code::kInvalidArgument) << bad;
    EXPECT_NE(ref.error().Message().find("invalid reference"), std::string::npos) << bad;
  }
}

TEST(Reference, Limits) {
  const std::string tag(128, 't'), path(255, 'p');
  EXPECT_TRUE(Reference::Parse("a.io/x:" + tag).ok());
  EXPECT_FALSE(Reference::Parse("a.io/x:" + tag + "t").ok());
  EXPECT_TRUE(Reference::Parse("a.io/" + path).ok());
  EXPECT_FALSE(Reference::Parse("a.io/" + path + "p").ok());
  EXPECT_FALSE(Reference::Parse("a.io/x:" + std::string(1 << 20, 't')).ok());
}

TEST(Reference, SaysWhatIsWrong) {
  const auto message = [](const std::string& text) {
    return Reference::ParseWithDomain(text, "docker.io").error().Message();
  };
  EXPECT_NE(message("Foo").find("must be lowercase"), std::string::npos);
  EXPECT_NE(message("foo:a b").find("invalid tag \"a b\""), std::string::npos);
  EXPECT_NE(message(kHex).find("ID"), std::string::npos);
  EXPECT_NE(message("foo:\x1b[2J").find("\\x1b"), std::string::npos);  // nothing raw
  EXPECT_EQ(Reference::ParseWithDomain("foo", "bad domain").error().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace ctool::spec
