// SPDX-License-Identifier: Apache-2.0
//
// Layers that want out of their directory, or to break the reader. Each row is unpacked into a
// fresh directory beside a canary, whose tree must be the same afterwards; CANARY in a row stands
// for its absolute path.
#include <gtest/gtest.h>

#include <functional>

#include "archive/unpack.hpp"
#include "sandbox.hpp"
#include "tar_builder.hpp"

namespace ctool::archive {
namespace {

using test::Raw;
using test::Sandbox;
using test::TarBuilder;

struct Row {
  std::string name;
  std::function<std::string(const std::string& canary)> tar;
  std::string refused;          // words of the error; empty: accepted
  std::vector<std::string> has;  // what an accepted one leaves below the root
};

std::string Up(int levels) {
  std::string up;
  for (int i = 0; i < levels; ++i) up += "../";
  return up;
}

// "/a/b" -> "a/b"
std::string Inner(const std::string& path) { return path.substr(1); }

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"dot_dot_name", [](auto) { return TarBuilder().File(Up(30) + "tmp/x").str(); }, "escapes the layer", {}},
      {"dot_dot_relative", [](auto) { return TarBuilder().File("../canary/secret").str(); }, "escapes the layer", {}},
      {"dot_dot_inside", [](auto) { return TarBuilder().Dir("a/").File("a/../../canary/secret").str(); },
       "escapes the layer", {}},
      {"dot_dot_that_stays", [](auto) { return TarBuilder().Dir("a/").File("a/../b").str(); }, "", {"a", "b"}},
      {"dot_dot_in_pax",
       [](auto) { return TarBuilder().Pax({{"path", "../canary/secret"}}).File("x").str(); }, "escapes the layer", {}},
      {"dot_dot_in_gnu_name",
       [](auto) { return TarBuilder().Gnu('L', "../canary/secret").File("x").str(); }, "escapes the layer", {}},
      {"dot_dot_in_sparse_name",
       [](auto) {
         return TarBuilder().Pax({{"GNU.sparse.name", "../canary/secret"}, {"GNU.sparse.map", "0,1"},
                                  {"GNU.sparse.size", "1"}}).File("x").str();
       }, "escapes the layer", {}},
      {"dot_dot_directory", [](auto) { return TarBuilder().Dir("../").str(); }, "escapes the layer", {}},
      {"absolute_name", [](auto c) { return TarBuilder().File(c + "/secret").str(); }, "", {"@/secret"}},
      {"file_through_absolute_link",
       [](auto c) { return TarBuilder().Symlink("l", c).File("l/secret").str(); }, "is not a directory", {}},
      {"file_through_absolute_link_to_inside",
       [](auto c) { return TarBuilder().File(c + "/victim/f").Symlink("l", c).File("l/secret").str(); }, "", {"@/secret"}},
      {"file_through_link_of_pax",
       [](auto c) { return TarBuilder().Pax({{"linkpath", c}}).Symlink("l", "x").File("l/secret").str(); },
       "is not a directory", {}},
      {"file_through_relative_link",
       [](auto) { return TarBuilder().Symlink("l", "../canary").File("l/secret").str(); }, "is not a directory", {}},
      {"file_through_deep_relative_link",
       [](auto) { return TarBuilder().Dir("a/").Symlink("a/l", "../../canary").File("a/l/secret").str(); },
       "is not a directory", {}},
      {"file_through_chained_links",
       [](auto) { return TarBuilder().Symlink("a", ".").Symlink("b", "a/..").File("b/../canary/secret").str(); }, "", {"canary/secret"}},
      {"file_through_link_chain_up",
       [](auto) { return TarBuilder().Symlink("u", "..").Symlink("v", "u/..").File("v/canary/secret").str(); }, "",
       {"canary/secret"}},
      {"directory_through_link",
       [](auto c) { return TarBuilder().Symlink("l", c).Dir("l/victim/", 0700).str(); }, "is not a directory", {}},
      {"directory_in_place_of_link",
       [](auto c) { return TarBuilder().Symlink("l", c).Dir("l/", 0700).File("l/secret").str(); }, "", {"l/secret"}},
      {"file_in_place_of_link",
       [](auto c) { return TarBuilder().Symlink("l", c + "/secret").File("l", "overwritten").str(); }, "", {"l"}},
      {"fifo_in_place_of_link",
       [](auto c) {
         return TarBuilder().Symlink("l", c + "/secret").Add(Raw{.name = "l", .flag = '6', .mode = 0777}).str();
       }, "", {"l"}},
      {"handle_kept_over_a_swap",  // the directory handle of "d" must not outlive "d"
       [](auto c) { return TarBuilder().Dir("d/").File("d/a").Symlink("d", c).File("d/secret").str(); },
       "is not a directory", {}},
      {"deep_handle_kept_over_a_swap",
       [](auto c) { return TarBuilder().Dir("d/e/").File("d/e/a").Symlink("d", c).File("d/e/secret").str(); },
       "is not a directory", {}},
      {"handle_of_a_link_kept_over_a_swap",
       [](auto) {
         return TarBuilder().Dir("one/").Dir("two/").Symlink("l", "one").File("l/a").Dir("l/").File("l/b").str();
       }, "", {"one/a", "l/b"}},
      {"hardlink_absolute", [](auto c) { return TarBuilder().Link("h", c + "/secret").str(); }, "not in the layer", {}},
      {"hardlink_relative", [](auto) { return TarBuilder().Link("h", "../canary/secret").str(); }, "not in the layer", {}},
      {"hardlink_through_link",
       [](auto c) { return TarBuilder().Symlink("l", c).Link("h", "l/secret").str(); }, "not in the layer", {}},
      {"hardlink_through_relative_link",
       [](auto) { return TarBuilder().Symlink("l", "../canary").Link("h", "l/secret").str(); }, "not in the layer", {}},
      {"hardlink_to_link_then_write",  // a hard link to the link itself, which the file replaces
       [](auto c) { return TarBuilder().Symlink("l", c + "/secret").Link("h", "l").File("h", "overwritten").str(); }, "",
       {"l", "h"}},
      {"hardlink_before_target", [](auto) { return TarBuilder().Link("h", "t").File("t").str(); }, "not in the layer", {}},
      {"hardlink_to_itself", [](auto) { return TarBuilder().File("h").Link("h", "h").str(); }, "hardlink", {}},
      {"hardlink_to_itself_by_another_name",
       [](auto) { return TarBuilder().Dir("d/").Symlink("l", "d").File("d/h").Link("l/h", "d/h").str(); }, "hardlink", {}},
      {"hardlink_to_directory", [](auto) { return TarBuilder().Dir("d/").Link("h", "d").str(); }, "hardlink", {}},
      {"hardlink_to_root", [](auto) { return TarBuilder().Link("h", "/").str(); }, "hardlink", {}},
      {"hardlink_to_nothing", [](auto) { return TarBuilder().Link("h", "").str(); }, "hardlink", {}},
      {"hardlink_to_whiteout", [](auto) { return TarBuilder().File(".wh.t").Link("h", "t").str(); }, "not in the layer", {}},
      {"hardlink_over_parent_of_target",
       [](auto) { return TarBuilder().Dir("d/").File("d/f").Link("d", "d/f").str(); }, "", {}},
      {"whiteout_through_link",
       [](auto c) { return TarBuilder().Symlink("l", c).File("l/.wh.secret", "").str(); }, "is not a directory", {}},
      {"opaque_through_link",
       [](auto c) { return TarBuilder().Symlink("l", c).File("l/.wh..wh..opq", "").str(); }, "is not a directory", {}},
      {"whiteout_of_dot_dot", [](auto) { return TarBuilder().File(".wh...", "").str(); }, "invalid whiteout name", {}},
      {"whiteout_of_nothing", [](auto) { return TarBuilder().File("a/.wh.", "").str(); }, "invalid whiteout name", {}},
      {"whiteout_of_dot", [](auto) { return TarBuilder().File("a/.wh..", "").str(); }, "invalid whiteout name", {}},
      {"whiteout_of_whiteout", [](auto) { return TarBuilder().File("a/.wh..wh.b", "").str(); }, "invalid whiteout name", {}},
      {"below_whiteout", [](auto) { return TarBuilder().File(".wh.a/b", "").str(); }, "invalid whiteout name", {}},
      {"below_deep_whiteout", [](auto) { return TarBuilder().File("x/.wh.a/b", "").str(); }, "invalid whiteout name", {}},
      {"root_as_link", [](auto c) { return TarBuilder().Symlink(".", c).str(); }, "layer root must be a directory", {}},
      {"root_as_absolute_link", [](auto c) { return TarBuilder().Symlink("/", c).str(); }, "layer root must be a directory", {}},
      {"root_as_file", [](auto) { return TarBuilder().File(".").str(); }, "layer root must be a directory", {}},
      {"root_as_hardlink", [](auto) { return TarBuilder().Link("./", "x").str(); }, "layer root must be a directory", {}},
      {"root_by_dot_dot", [](auto c) { return TarBuilder().Symlink("a/..", c).str(); }, "layer root must be a directory", {}},
      {"link_loop", [](auto) { return TarBuilder().Symlink("a", "b").Symlink("b", "a").File("a/f").str(); },
       "too many links", {}},
      {"link_to_itself", [](auto) { return TarBuilder().Symlink("a", "a/x").File("a/f").str(); }, "too many links", {}},
      {"proc_magic_link",
       [](auto) { return TarBuilder().Symlink("p", "/proc/self/root").File("p/tmp/x").str(); }, "is not a directory", {}},
      {"parent_is_a_file", [](auto) { return TarBuilder().File("a").File("a/b").str(); }, "is not a directory", {}},
      {"parent_is_a_fifo",
       [](auto) { return TarBuilder().Add(Raw{.name = "a", .flag = '6'}).File("a/b").str(); }, "is not a directory", {}},
      {"dangling_link_makes_no_directories",
       [](auto) { return TarBuilder().Symlink("l", "not/there").File("l/f").str(); }, "is not a directory", {}},
      {"component_too_long", [](auto) { return TarBuilder().Pax({{"path", std::string(256, 'c')}}).File("x").str(); },
       "name too long", {}},
      {"longest_component", [](auto) { return TarBuilder().Pax({{"path", std::string(255, 'c')}}).File("x").str(); }, "",
       {std::string(255, 'c')}},
      {"path_too_long",
       [](auto) {
         std::string path;
         while (path.size() < 5000) path += "/dir";
         return TarBuilder().Pax({{"path", path}}).File("x").str();
       }, "name too long", {}},
      {"nested_too_deep",
       [](auto) {
         std::string path;
         for (int i = 0; i < 1200; ++i) path += "d/";
         return TarBuilder().Pax({{"path", path + "f"}}).File("x").str();
       }, "nested more than 1024 deep", {}},
      {"link_target_too_long", [](auto) { return TarBuilder().Gnu('K', std::string(4096, 'l')).Symlink("s", "x").str(); },
       "name too long", {}},
      {"link_without_target", [](auto) { return TarBuilder().Symlink("s", "").str(); }, "no target", {}},
      {"names_of_any_bytes",
       [](auto) { return TarBuilder().File("inv\xff\xfe").File("new\nline").File("esc\x1b]0;x\a").str(); }, "",
       {"inv\xff\xfe", "new\nline", "esc\x1b]0;x\a"}},
      {"same_path_of_four_types",
       [](auto c) {
         return TarBuilder().File("x").Dir("x/").File("x/below").Symlink("x", c).Add(Raw{.name = "x", .flag = '6'})
             .File("x", "last").str();
       }, "", {"x"}},
      {"unknown_type", [](auto) { return TarBuilder().Add(Raw{.name = "z", .flag = 'Z'}, "data").str(); },
       "unknown entry type", {}},
      {"truncated", [](auto) { return TarBuilder().File("f", std::string(5000, 'x')).str().substr(0, 3000); }, "truncated", {}},
      {"sparse_file_of_an_exabyte",
       [](auto) {
         return TarBuilder().Pax({{"GNU.sparse.map", "0,1"}, {"GNU.sparse.size", "1152921504606846976"}}).File("f").str();
       }, "sparse map", {}},
      {"mtime_far_away",
       [](auto) {
         return TarBuilder().Pax({{"mtime", "99999999999999999999"}}).File("f").Pax({{"mtime", "-99999999999999"}})
             .File("g").Add(Raw{.name = "h", .mtime = "-1", .format = test::Format::kGnu}).str();
       }, "", {"f", "g", "h"}},
  };
  return rows;
}

class Hostile : public testing::TestWithParam<Row> {};

TEST_P(Hostile, StaysInside) {
  const Row& row = GetParam();
  const Sandbox box;
  const Result<UnpackStats> stats = box.Unpack(row.tar(box.canary()));
  EXPECT_TRUE(box.CanaryUnchanged());
  if (!row.refused.empty()) {
    ASSERT_FALSE(stats.ok()) << test::Describe(box.dest());
    EXPECT_NE(stats.error().Message().find(row.refused), std::string::npos) << stats.error().Message();
    EXPECT_EQ(stats.error().code(), Code::kCorrupt);
    for (const char c : stats.error().Message()) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
    return;
  }
  if (row.name != "hardlink_over_parent_of_target") {  // deterministic, but of no use
    ASSERT_TRUE(stats.ok()) << stats.error().Message();
  }
  for (std::string path : row.has) {
    if (path[0] == '@') path = Inner(box.canary()) + path.substr(1);
    EXPECT_TRUE(box.Has(path)) << path << "\n" << test::Describe(box.dest());
  }
}

INSTANTIATE_TEST_SUITE_P(Layer, Hostile, testing::ValuesIn(Rows()),
                         [](const auto& test_info) { return test_info.param.name; });

TEST(Hostile, HundredsOfLevelsAreFine) {
  std::string path;
  for (int i = 0; i < 300; ++i) path += "d/";
  const Sandbox box;
  const Result<UnpackStats> stats = box.Unpack(TarBuilder().Pax({{"path", path + "f"}}).File("x").str());
  ASSERT_TRUE(stats.ok()) << stats.error().Message();
  EXPECT_EQ(stats->implied_dirs.size(), 300U);
}

TEST(Hostile, ManyLinksInOnePathAreBounded) {
  // Each link leads through two of the one before: 2^30 steps if nobody counts.
  TarBuilder tar;
  tar.Dir("l0/");
  for (int i = 1; i <= 30; ++i) {
    const std::string before = "l" + std::to_string(i - 1);
    tar.Symlink("l" + std::to_string(i), before + "/../" + before);
  }
  const Sandbox box;
  const Result<UnpackStats> stats = box.Unpack(tar.File("l30/f").str());
  ASSERT_FALSE(stats.ok());
  EXPECT_NE(stats.error().Message().find("too many links"), std::string::npos);
}

TEST(Hostile, ErrorOfTheSourceIsPassedOn) {
  class Failing final : public Source {
   public:
    explicit Failing(std::string bytes) : bytes_(std::move(bytes)) {}
    Result<size_t> Read(std::span<char> into) override {
      if (bytes_.empty()) return Error(Code::kNetwork, "connection reset");
      const size_t n = bytes_.copy(into.data(), into.size());
      bytes_.erase(0, n);
      return n;
    }

   private:
    std::string bytes_;
  };
  const Sandbox box;
  const Result<sys::Root> root = sys::Root::Open(box.dest());
  ASSERT_TRUE(root.ok());
  // Also behind the end of the archive: the stream is read to its end.
  for (const std::string& tar : {TarBuilder().File("f").open(), TarBuilder().File("f").str()}) {
    Failing source(tar);
    const Result<UnpackStats> stats = Unpack(source, *root, Sandbox::Options());
    ASSERT_FALSE(stats.ok());
    EXPECT_EQ(stats.error().code(), Code::kNetwork);
  }
}

}  // namespace
}  // namespace ctool::archive
