// SPDX-License-Identifier: Apache-2.0
#include "engine/copy_paths.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ctool::engine {
namespace {

TEST(ParseCopyPath, ContainersAndFiles) {
  EXPECT_EQ(ParseCopyPath("web:/etc").container, "web");
  EXPECT_EQ(ParseCopyPath("web:/etc").path, "/etc");
  EXPECT_EQ(ParseCopyPath("web:a:b").path, "a:b");
  EXPECT_EQ(ParseCopyPath("web:").path, "");
  EXPECT_EQ(ParseCopyPath("plain").container, "");
  EXPECT_EQ(ParseCopyPath("./web:x").container, "");
  EXPECT_EQ(ParseCopyPath("/a:b").path, "/a:b");
  EXPECT_EQ(ParseCopyPath("").path, "");
}

TEST(CopyPaths, WhatAPathNames) {
  EXPECT_TRUE(NamesContents("."));
  EXPECT_TRUE(NamesContents("/a/."));
  EXPECT_FALSE(NamesContents("/a/b."));
  EXPECT_FALSE(NamesContents("/a/"));
  EXPECT_TRUE(NamesDirectory("/a/"));
  EXPECT_TRUE(NamesDirectory("/a/."));
  EXPECT_FALSE(NamesDirectory("/a"));
}

class ResolvePathTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "copy-paths-XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(dir_ + "/a/b");
    std::ofstream(dir_ + "/a/file") << "x";
    Link("/a", "absolute");
    Link("../..", "a/b/up");
    Link("/nothing/there", "a/nowhere");
    Link("made", "a/dangling");
    Link("loop", "loop");
    Link("../../../../../../../../../etc", "out");
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  void Link(const char* target, const std::string& name) { ASSERT_EQ(::symlink(target, (dir_ + "/" + name).c_str()), 0); }
  Result<ResolvedPath> Resolve(const std::string& path, const std::string& cwd = "/") {
    Result<sys::Root> root = sys::Root::Open(dir_);
    if (!root.ok()) return root.error();
    return ResolvePath(*root, cwd, path);
  }
  std::string PathOf(const std::string& path, const std::string& cwd = "/") {
    const Result<ResolvedPath> resolved = Resolve(path, cwd);
    return resolved.ok() ? resolved->path : "error: " + resolved.error().Message();
  }
  std::string dir_;
};

TEST_F(ResolvePathTest, LinksLeadInsideTheRoot) {
  EXPECT_EQ(PathOf("/"), "/");
  EXPECT_EQ(PathOf("/absolute/file"), "/a/file");
  EXPECT_EQ(PathOf("/a/b/up/a"), "/a");
  EXPECT_EQ(PathOf("/../../a"), "/a");
  const Result<ResolvedPath> out = Resolve("/out");
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->path, "/etc");  // of this root, which has none
  EXPECT_FALSE(out->exists);
}

TEST_F(ResolvePathTest, RelativeToTheWorkingDirectory) {
  EXPECT_EQ(PathOf("file", "/a"), "/a/file");
  EXPECT_EQ(PathOf(".", "/absolute/b"), "/a/b");
  EXPECT_EQ(PathOf("../file", "/a/b"), "/a/file");
}

TEST_F(ResolvePathTest, WhatIsMissing) {
  EXPECT_FALSE(Resolve("/a/new")->exists);
  EXPECT_EQ(PathOf("/a/dangling"), "/a/made");
  EXPECT_FALSE(Resolve("/a/new/deeper").ok());
  EXPECT_FALSE(Resolve("/a/nowhere").ok());
  EXPECT_FALSE(Resolve("/a/new/").ok());
  EXPECT_FALSE(Resolve("/a/file/").ok());
  EXPECT_FALSE(Resolve("/a/file/x").ok());
  EXPECT_EQ(Resolve("/loop").error().sys_errno(), ELOOP);
}

ResolvedPath Directory(std::string path) { return {std::move(path), true, true, false}; }
ResolvedPath File(std::string path) { return {std::move(path), true, false, true}; }
ResolvedPath Missing(std::string path) { return {std::move(path), false, false, false}; }

std::string Plan(const ResolvedPath& source, const std::string& typed, const ResolvedPath& destination) {
  const Result<CopyPlan> plan = PlanCopy(source, typed, destination);
  if (!plan.ok()) return plan.error().Message();
  return (plan->contents ? "contents of " : "") + plan->source + " -> " + plan->folder + " " + plan->as +
         (plan->make_folder ? "(made)" : "");
}

TEST(PlanCopy, Files) {
  EXPECT_EQ(Plan(File("/x/f"), "/x/f", Directory("/tmp")), "/x/f -> /tmp f");
  EXPECT_EQ(Plan(File("/x/f"), "/x/f", File("/tmp/g")), "/x/f -> /tmp g");
  EXPECT_EQ(Plan(File("/x/f"), "/x/f", Missing("/tmp/g")), "/x/f -> /tmp g");
  EXPECT_EQ(Plan(File("/x/f"), "/x/f", Missing("/g")), "/x/f -> / g");
}

TEST(PlanCopy, Directories) {
  EXPECT_EQ(Plan(Directory("/x/d"), "/x/d", Directory("/tmp")), "/x/d -> /tmp d");
  EXPECT_EQ(Plan(Directory("/x/d"), "/x/d/", Directory("/tmp")), "/x/d -> /tmp d");
  EXPECT_EQ(Plan(Directory("/x/d"), "/x/d/.", Directory("/tmp")), "contents of /x/d -> /tmp ");
  EXPECT_EQ(Plan(Directory("/x/d"), "/x/d/.", Missing("/new")), "/x/d -> / new");
  EXPECT_EQ(Plan(Directory("/x/d."), "/x/d.", Directory("/tmp")), "/x/d. -> /tmp d.");
  EXPECT_EQ(Plan(Directory("/x/d"), "/x/d", File("/tmp/f")), "destination must be a directory when copying a directory");
  EXPECT_EQ(Plan(Directory("/"), "/", Directory("/tmp")), "contents of / -> /tmp ");
  EXPECT_EQ(Plan(Directory("/"), "/", Missing("/tmp/root")), "contents of / -> /tmp/root (made)");
}

}  // namespace
}  // namespace ctool::engine
