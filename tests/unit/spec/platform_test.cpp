// SPDX-License-Identifier: Apache-2.0
#include "spec/platform.hpp"

#include <gtest/gtest.h>

namespace ctool::spec {
namespace {

std::string Parsed(const std::string& text) {
  const auto platform = Platform::Parse(text);
  return platform.ok() ? platform->Print() : "error";
}

TEST(Platform, Parse) {
  EXPECT_EQ(Parsed("linux/amd64"), "linux/amd64");
  EXPECT_EQ(Parsed("linux/arm64/v8"), "linux/arm64/v8");
  EXPECT_EQ(Parsed("linux/x86_64"), "linux/amd64");
  EXPECT_EQ(Parsed("Linux/AArch64"), "linux/arm64");
  EXPECT_EQ(Parsed("linux/armhf"), "linux/arm/v7");
  EXPECT_EQ(Parsed("linux/armel"), "linux/arm/v6");
  EXPECT_EQ(Parsed("linux/arm/6"), "linux/arm/v6");
  EXPECT_EQ(Parsed("linux/i386"), "linux/386");
  EXPECT_EQ(Parsed("arm64"), "linux/arm64");
  EXPECT_EQ(Parsed("armhf"), "linux/arm/v7");
  EXPECT_EQ(Parsed("windows/amd64"), "windows/amd64");
  EXPECT_EQ(Parsed("macos/arm64"), "darwin/arm64");
  EXPECT_EQ(Parsed("linux"), "linux" + Platform::Host().Print().substr(5));
  for (const char* bad : {"", "/", "linux/", "/amd64", "nonsense", "linux/amd64/v1/x",
                          "linux/am d64", "linux/amd64/\x1b"})
    EXPECT_EQ(Parsed(bad), "error") << bad;
}

TEST(Platform, Host) {
  const Platform host = Platform::Host();
  EXPECT_EQ(host.os, "linux");
#if defined(__x86_64__)
  EXPECT_EQ(host.Print(), "linux/amd64");
#elif defined(__aarch64__)
  EXPECT_EQ(host.Print(), "linux/arm64/v8");
#endif
  EXPECT_TRUE(host.Accepts(host));
}

TEST(Platform, Accepts) {
  const Platform amd64{"linux", "amd64", ""}, arm64{"linux", "arm64", ""};
  EXPECT_TRUE(amd64.Accepts({"linux", "amd64", ""}));
  EXPECT_TRUE(amd64.Accepts({"linux", "amd64", "v2"}));
  EXPECT_FALSE(amd64.Accepts({"windows", "amd64", ""}));
  EXPECT_FALSE(amd64.Accepts(arm64));
  EXPECT_TRUE(arm64.Accepts({"linux", "arm64", "v8"}));
  EXPECT_FALSE(arm64.Accepts({"linux", "arm64", "v9"}));
  const Platform armv7{"linux", "arm", "v7"};
  EXPECT_TRUE(armv7.Accepts({"linux", "arm", "v6"}));
  EXPECT_TRUE(armv7.Accepts({"linux", "arm", ""}));
  EXPECT_FALSE(armv7.Accepts({"linux", "arm", "v8"}));
}

}  // namespace
}  // namespace ctool::spec
