// SPDX-License-Identifier: Apache-2.0
#include "sys/rotated.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <functional>

#include "sys/file.hpp"
#include "sys/watch.hpp"

namespace ctool::sys {
namespace {

class RotatedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-rotated-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
    path_ = dir_ + "/log";
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }
  void Append(std::string_view text) const {
    const Fd fd = Open(path_, O_WRONLY | O_CREAT | O_APPEND, 0600).value();
    ASSERT_TRUE(WriteAll(fd.get(), text, path_).ok());
  }
  void Rotate() const { ASSERT_EQ(::rename(path_.c_str(), (path_ + ".1").c_str()), 0); }
  static std::string ReadAll(RotatedFile& file) {
    std::string all;
    for (char chunk[3];;) {
      const size_t n = file.Read(chunk, sizeof chunk).value();
      if (n == 0) return all;
      all.append(chunk, n);
    }
  }
  std::string dir_, path_;
};

TEST_F(RotatedTest, ReadsBothFilesAndWhatComes) {
  Append("one ");
  Rotate();
  Append("two ");
  RotatedFile file(path_);
  EXPECT_EQ(ReadAll(file), "one two ");
  EXPECT_EQ(ReadAll(file), "");
  Append("three ");
  EXPECT_EQ(ReadAll(file), "three ");
}

TEST_F(RotatedTest, FollowsARename) {
  RotatedFile file(path_);
  EXPECT_EQ(ReadAll(file), "");
  Append("one ");
  EXPECT_EQ(ReadAll(file), "one ");
  Append("two ");
  Rotate();
  EXPECT_EQ(ReadAll(file), "two ");
  EXPECT_EQ(ReadAll(file), "");
  Append("three ");
  EXPECT_EQ(ReadAll(file), "three ");
}

TEST_F(RotatedTest, TwoRenamesAtOnceLoseNothing) {
  Append("one ");
  RotatedFile file(path_);
  EXPECT_EQ(ReadAll(file), "one ");
  Append("two ");
  Rotate();
  Append("three ");
  Rotate();
  Append("four ");
  EXPECT_EQ(ReadAll(file), "two three four ");
}

TEST_F(RotatedTest, OutlivesItsFiles) {
  Append("one ");
  RotatedFile file(path_);
  ASSERT_TRUE(file.Open().ok());
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  EXPECT_EQ(ReadAll(file), "one ");
  EXPECT_EQ(ReadAll(file), "");
}

TEST_F(RotatedTest, AChangeWakesTheWatch) {
  FolderWatch watch = FolderWatch::New().value();
  ASSERT_TRUE(watch.Add(dir_).ok());
  pollfd polled{watch.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 0);
  for (const auto& change : {std::function<void()>([&] { Append("x"); }), std::function<void()>([&] { Append("y"); }),
                             std::function<void()>([&] { Rotate(); })}) {
    change();
    EXPECT_EQ(::poll(&polled, 1, 1000), 1);
    watch.Drain();
    EXPECT_EQ(::poll(&polled, 1, 0), 0);
  }
  EXPECT_FALSE(watch.Add(dir_ + "/missing").ok());
}

}  // namespace
}  // namespace ctool::sys
