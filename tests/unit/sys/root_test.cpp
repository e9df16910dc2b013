// SPDX-License-Identifier: Apache-2.0
#include "sys/root.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "sys/file.hpp"

namespace ctool::sys {
namespace {

// A tree with every way out that a link can be, beside a canary that must stay as it is.
class RootTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-root-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    for (const char* dir : {"/tree", "/tree/etc", "/canary"}) ASSERT_EQ(::mkdir((base_ + dir).c_str(), 0755), 0);
    ASSERT_TRUE(WriteFileAtomic(base_ + "/tree/etc/passwd", "inner", 0644, Durability::kNone).ok());
    ASSERT_TRUE(WriteFileAtomic(base_ + "/canary/secret", "outer", 0644, Durability::kNone).ok());
    Link("../../../../../../../../../../etc", "/tree/up");
    Link("/etc", "/tree/absolute");
    Link(base_ + "/canary", "/tree/out");
    Link("/proc/self/root", "/tree/magic");
    Link("loop", "/tree/loop");
    root_ = std::make_unique<Root>(std::move(Root::Open(base_ + "/tree").value()));
  }
  void TearDown() override {
    root_.reset();
    EXPECT_EQ(ReadFile(base_ + "/canary/secret").value(), "outer");
    EXPECT_EQ(ListDir(Open(base_ + "/canary", O_RDONLY).value().get(), "canary").value().size(), 1u);
    EXPECT_TRUE(RemoveTree(base_).ok());
  }
  void Link(const std::string& target, const std::string& name) {
    ASSERT_EQ(::symlink(target.c_str(), (base_ + name).c_str()), 0);
  }
  std::string base_;
  std::unique_ptr<Root> root_;
};

TEST_F(RootTest, ResolvesEveryLinkInside) {
  for (const char* path : {"/etc/passwd", "/up/passwd", "/absolute/passwd", "/../../../etc/passwd", "etc/passwd"})
    EXPECT_EQ(root_->ReadRegular(path, 100).value(), "inner") << path;
}

TEST_F(RootTest, RefusesMagicLinksAndLoops) {
  EXPECT_FALSE(root_->Open("/magic", O_PATH).ok() && root_->Open("/magic/etc/passwd", O_RDONLY).ok());
  EXPECT_EQ(root_->Open("/loop", O_RDONLY).error().sys_errno(), ELOOP);
  EXPECT_FALSE(root_->Open("/out/secret", O_RDONLY).ok());
}

TEST_F(RootTest, MakesFoldersInsideOnly) {
  EXPECT_TRUE(root_->MakeDirs("/absolute/new/deep", 0750).ok());
  struct stat st {};
  ASSERT_EQ(::stat((base_ + "/tree/etc/new/deep").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0750u) << "exact, whatever the umask";
  EXPECT_FALSE(root_->MakeDirs("/out/new", 0755).ok()) << "the link dangles inside the tree";
  EXPECT_FALSE(root_->MakeDirs("/etc/../../x", 0755).ok());
}

TEST_F(RootTest, OpenParentNeedsAName) {
  EXPECT_EQ(root_->OpenParent("/etc/new").value().name, "new");
  EXPECT_EQ(root_->OpenParent("/etc/new///").value().name, "new");
  for (const char* bad : {"/", "", ".", "/etc/..", "/etc/."}) EXPECT_FALSE(root_->OpenParent(bad).ok()) << bad;
}

TEST_F(RootTest, ReadRegularNeverWaitsAndIsBounded) {
  ASSERT_EQ(::mkfifo((base_ + "/tree/etc/fifo").c_str(), 0644), 0);
  EXPECT_EQ(root_->ReadRegular("/etc/fifo", 100).error().code(), Code::kCorrupt);
  EXPECT_EQ(root_->ReadRegular("/etc/passwd", 4).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace ctool::sys
