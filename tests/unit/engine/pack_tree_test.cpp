// SPDX-License-Identifier: Apache-2.0
#include "engine/pack_tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sys/file.hpp"

namespace ctool::engine {
namespace {

class PackTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/var/tmp/pack-XXXXXX";  // /tmp may have no xattrs
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Put(const std::string& name) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << name;
  }
  // The names in the archive.
  Result<std::vector<std::string>> Pack(PackTreeOptions options) {
    archive_.clear();
    archive::TarWriter tar([this](std::string_view bytes) {
      archive_ += bytes;
      return Ok();
    });
    TreePacker packer(tar, std::move(options));
    TRY(packer.PackContents(TRY(sys::Open(folder_, O_RDONLY | O_DIRECTORY))));
    TRY(tar.Finish());
    std::vector<std::string> names;
    for (size_t at = 0; at + 512 <= archive_.size() && archive_[at] != '\0';) {
      names.emplace_back(archive_.c_str() + at);
      const size_t size = std::strtoul(archive_.c_str() + at + 124, nullptr, 8);
      at += 512 + (size + 511) / 512 * 512;
    }
    return names;
  }

  std::filesystem::path folder_;
  std::string archive_;
};

TEST_F(PackTreeTest, WhatGoesWhileItIsPackedIsLeftOut) {
  for (const char* name : {"a/file", "b/dir/file", "c"}) Put(name);
  PackTreeOptions options;
  options.skip = [&](const std::string& path, const struct stat&) {
    if (path == "a/file" || path == "b/dir") std::filesystem::remove_all(folder_ / path);
    return false;
  };
  const Result<std::vector<std::string>> names = Pack(options);
  ASSERT_TRUE(names.ok()) << names.error().Message();
  EXPECT_EQ(*names, (std::vector<std::string>{"a/", "b/", "c"}));
}

// An archive has no room for such a name: it would be read as another one.
TEST_F(PackTreeTest, XattrsWithAnEqualsSignAreLeftOut) {
  Put("file");
  ASSERT_EQ(::setxattr((folder_ / "file").c_str(), "user.plain", "1", 1, 0), 0);
  ASSERT_EQ(::setxattr((folder_ / "file").c_str(), "user.name=odd", "2", 1, 0), 0);
  ASSERT_TRUE(Pack({}).ok());
  EXPECT_NE(archive_.find("SCHILY.xattr.user.plain=1"), std::string::npos);
  EXPECT_EQ(archive_.find("SCHILY.xattr.user.name"), std::string::npos);
}

}  // namespace
}  // namespace ctool::engine
