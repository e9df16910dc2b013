// SPDX-License-Identifier: Apache-2.0
#include "sys/dir_stack.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "sys/file.hpp"

namespace ctool::sys {
namespace {

class DirStackTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "dir-stack-XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
    std::string path = dir_;
    for (int i = 0; i < kDeep; ++i) ASSERT_EQ(::mkdir((path += "/d").c_str(), 0700), 0);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  DirStack Open() {
    Result<Fd> base = sys::Open(dir_, O_RDONLY | O_DIRECTORY);
    CHECK(base.ok());
    return DirStack(std::move(base).value());
  }
  static size_t OpenDescriptors() {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
  }
  static constexpr int kDeep = 100;
  std::string dir_;
};

TEST_F(DirStackTest, DeepWithFewDescriptors) {
  const size_t before = OpenDescriptors();
  DirStack stack = Open();
  for (int i = 0; i < kDeep; ++i) ASSERT_TRUE(stack.Enter("d").ok());
  EXPECT_EQ(stack.depth(), static_cast<size_t>(kDeep));
  EXPECT_LE(OpenDescriptors(), before + DirStack::kOpen + 2);
  for (int i = kDeep; i > 0; --i) {
    const Result<int> current = stack.Current();
    ASSERT_TRUE(current.ok());
    struct stat there {}, wanted {};
    ASSERT_EQ(::fstat(*current, &there), 0);
    ASSERT_EQ(::stat((dir_ + "/" + stack.path()).c_str(), &wanted), 0);
    EXPECT_EQ(there.st_ino, wanted.st_ino);
    EXPECT_LE(OpenDescriptors(), before + DirStack::kOpen + 2);
    stack.Leave();
  }
  EXPECT_EQ(stack.path(), "");
}

TEST_F(DirStackTest, AReplacedDirectoryStopsTheWalk) {
  DirStack stack = Open();
  for (int i = 0; i < kDeep; ++i) ASSERT_TRUE(stack.Enter("d").ok());
  ASSERT_EQ(::rename((dir_ + "/d/d").c_str(), (dir_ + "/elsewhere").c_str()), 0);
  ASSERT_EQ(::symlink("../elsewhere", (dir_ + "/d/d").c_str()), 0);
  Status status = Ok();
  while (stack.depth() > 0 && status.ok()) {
    const Result<int> current = stack.Current();
    if (!current.ok()) status = current.error();
    stack.Leave();
  }
  EXPECT_FALSE(status.ok());
}

TEST_F(DirStackTest, LinksAreNotEntered) {
  ASSERT_EQ(::symlink("d", (dir_ + "/link").c_str()), 0);
  DirStack stack = Open();
  EXPECT_FALSE(stack.Enter("link").ok());
  EXPECT_EQ(stack.depth(), 0U);
}

}  // namespace
}  // namespace ctool::sys
