// SPDX-License-Identifier: Apache-2.0
#include "builder/source_tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ctool::builder {
namespace {

namespace fs = std::filesystem;

class SourceTreeTest : public ::testing::Test {
 protected:
  SourceTreeTest() : dir_(fs::temp_directory_path() / ("source-tree." + std::to_string(::getpid()))) {
    fs::remove_all(dir_);
    fs::create_directories(dir_ / "d/sub");
    Write("a.txt", "a");
    Write("b.txt", "b");
    Write("d/c.txt", "c");
    Write("d/sub/e.md", "e");
  }
  ~SourceTreeTest() override { fs::remove_all(dir_); }

  void Write(const std::string& path, const std::string& text) const { std::ofstream(dir_ / path) << text; }
  SourceTree Tree(std::string_view ignored = "") const {
    Result<sys::Root> root = sys::Root::Open(dir_);
    return {std::move(*root), "ctx", *build::IgnoreList::Parse("ignore", ignored), false, nullptr};
  }
  static std::vector<std::string> Paths(const Result<std::vector<SourceItem>>& items) {
    std::vector<std::string> paths;
    if (!items.ok()) return {items.error().Message()};
    for (const SourceItem& item : *items) paths.push_back(item.path);
    return paths;
  }
  std::string DigestOf(const SourceTree& tree, const std::string& text) const {
    const std::vector<SourceItem> items = *FindItems(tree, text, false);
    return ReadItem(tree, items.at(0), {})->digest;
  }
  const fs::path dir_;
};

using Strings = std::vector<std::string>;

TEST_F(SourceTreeTest, Patterns) {
  const SourceTree tree = Tree();
  EXPECT_EQ(Paths(FindItems(tree, "a.txt", false)), (Strings{"a.txt"}));
  EXPECT_EQ(Paths(FindItems(tree, "/./a.txt", false)), (Strings{"a.txt"}));
  EXPECT_EQ(Paths(FindItems(tree, "*.txt", false)), (Strings{"a.txt", "b.txt"}));
  EXPECT_EQ(Paths(FindItems(tree, "[^a]*", false)), (Strings{"b.txt", "d"}));
  EXPECT_EQ(Paths(FindItems(tree, "*/*.txt", false)), (Strings{"d/c.txt"}));
  EXPECT_EQ(Paths(FindItems(tree, "**/*.md", true)), (Strings{"d/sub/e.md"}));
  EXPECT_EQ(Paths(FindItems(tree, ".", false)), (Strings{""}));
  EXPECT_EQ(FindItems(tree, "x*", false).error().code(), Code::kNotFound);
  EXPECT_EQ(FindItems(tree, "../a.txt", false).value()[0].path, "a.txt");  // there is nothing above the root
}

TEST_F(SourceTreeTest, LinksStayInside) {
  fs::create_symlink("/etc/passwd", dir_ / "out");
  fs::create_symlink("../../../../etc", dir_ / "up");
  fs::create_symlink("d/c.txt", dir_ / "in");
  const SourceTree tree = Tree();
  EXPECT_FALSE(FindItems(tree, "out", false).ok());
  EXPECT_FALSE(FindItems(tree, "up/passwd", false).ok());
  EXPECT_EQ(Paths(FindItems(tree, "in", false)), (Strings{"d/c.txt"}));
}

TEST_F(SourceTreeTest, WhatIsIgnoredIsNotThere) {
  const SourceTree tree = Tree("*.txt\n!b.txt\nd\n!d/sub\n");
  EXPECT_FALSE(FindItems(tree, "a.txt", false).ok());
  EXPECT_EQ(Paths(FindItems(tree, "b.txt", false)), (Strings{"b.txt"}));
  const std::vector<SourceItem> all = *FindItems(tree, ".", false);
  const ItemContent content = *ReadItem(tree, all[0], {});
  EXPECT_TRUE(content.filtered);
  EXPECT_EQ(content.wanted, (std::set<std::string>{"b.txt", "d", "d/sub", "d/sub/e.md"}));
}

TEST_F(SourceTreeTest, DigestsFollowContentsAndModesNotTimes) {
  const SourceTree tree = Tree();
  const std::string before = DigestOf(tree, "d");
  fs::last_write_time(dir_ / "d/c.txt", fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(DigestOf(tree, "d"), before);
  ASSERT_EQ(::chmod((dir_ / "d/c.txt").c_str(), 0600), 0);
  const std::string mode = DigestOf(tree, "d");
  EXPECT_NE(mode, before);
  Write("d/c.txt", "C");
  EXPECT_NE(DigestOf(tree, "d"), mode);
}

TEST_F(SourceTreeTest, KnownDigestsAreNotReadAgain) {
  DigestCache cache((dir_ / "digests").string());
  struct stat st {};
  ASSERT_EQ(::stat((dir_ / "a.txt").c_str(), &st), 0);
  cache.Put(st, std::string(32, 'x'));
  EXPECT_FALSE(cache.Find(st)) << "changed a moment ago: the next change may have the same times";
  st.st_ctim.tv_sec -= 100;
  cache.Put(st, std::string(32, 'x'));
  cache.Save();
  DigestCache again((dir_ / "digests").string());
  EXPECT_EQ(again.Find(st), std::string(32, 'x'));
  st.st_size += 1;
  EXPECT_FALSE(again.Find(st));
}

}  // namespace
}  // namespace ctool::builder
