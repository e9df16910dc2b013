// SPDX-License-Identifier: Apache-2.0
#include "transport/image_name.hpp"

#include "lab.hpp"

namespace ctool::transport {
namespace {

using test::ExpectIn;
using test::Refusal;

TEST(ImageName, PlainNamesHaveNoTransport) {
  for (const char* name : {"alpine", "localhost:5000/a:1", "docker.io/library/x@sha256:aa", "dirty:1", ""}) {
    const auto parsed = ImageName::Parse(name);
    ASSERT_OK(parsed);
    EXPECT_FALSE(parsed->has_value()) << name;
  }
}

TEST(ImageName, PathsReferencesAndPlaces) {
  const auto parse = [](const char* text) { return **ImageName::Parse(text); };
  ImageName name = parse("oci-archive:/tmp/x.tar:localhost/a:1");
  EXPECT_EQ(name.kind, Kind::kOciArchive);
  EXPECT_EQ(name.path, "/tmp/x.tar");
  EXPECT_EQ(name.reference, "localhost/a:1");
  EXPECT_EQ(name.Print(), "oci-archive:/tmp/x.tar:localhost/a:1");
  name = parse("docker-archive:x.tar:@3");
  EXPECT_EQ(name.index, 3u);
  EXPECT_EQ(name.reference, "");
  EXPECT_EQ(name.Print(), "docker-archive:x.tar:@3");
  EXPECT_EQ(parse("dir:/a:b").path, "/a:b");
  EXPECT_EQ(parse("oci:layout").reference, "");
  EXPECT_EQ(parse("docker://quay.io/a/b:1").reference, "quay.io/a/b:1");
  EXPECT_EQ(parse("containers-storage:x").kind, Kind::kContainersStorage);
}

TEST(ImageName, Refusals) {
  ExpectIn(Refusal(ImageName::Parse("oci-archive:")), "no path");
  ExpectIn(Refusal(ImageName::Parse("oci-archive::x")), "no path");
  ExpectIn(Refusal(ImageName::Parse("oci:x:@-1")), "no index");
  ExpectIn(Refusal(ImageName::Parse("docker-daemon:x:latest")), "Docker daemon");
  EXPECT_EQ(ImageName::Parse("ostree:x").error().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace ctool::transport
