// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/xattr.h>

#include "fixture.hpp"

namespace ctool::storage {
namespace {

class FixupTest : public StoreTest {
 protected:
  std::string Make(const std::vector<Tar>& bottom_first) {
    const Store store = Open();
    ids_.clear();
    for (const Tar& tar : bottom_first) {
      const auto layer = Unpack(store, tar);
      if (!layer.ok()) ADD_FAILURE() << layer.error().Message();
      ids_.push_back(tar.Digest());
    }
    const auto name = store.MakeFixupLayer(ids_);
    if (!name.ok()) ADD_FAILURE() << name.error().Message();
    return name.ok() ? *name : "error";
  }
  std::string Diff(const std::string& name) const { return root_ + "/layers/" + name + "/diff"; }
  unsigned Mode(const std::string& path) const { return Stat(path).st_mode & 07777; }

  std::vector<spec::Digest> ids_;
};

TEST_F(FixupTest, NoneWhereNothingDiffers) {
  EXPECT_EQ(Make({Tar().Dir("etc", 0700)}), "");
  EXPECT_EQ(Make({Tar().Dir("etc"), Tar().File("etc/f", "1")}), "");        // 0755 anyway
  EXPECT_EQ(Make({Tar().Dir("etc", 0700), Tar().Dir("etc", 0750)}), "");    // described on top
  EXPECT_EQ(Make({Tar().Dir("etc", 0700), Tar().File("new/f", "1")}), "");  // not below
  EXPECT_EQ(Make({Tar().File("a/b", "1"), Tar().File("a/c", "2")}), "");    // nowhere described
  EXPECT_EQ(Count("staging"), 0u);
}

TEST_F(FixupTest, GivesImpliedDirectoriesTheAttributesFromBelow) {
  const std::string name =
      Make({Tar().Dir(".", 0555, ::getuid(), 7000).Dir("var", 0711, ::getuid(), 5000)
                .Dir("var/tmp", 01777, ::getuid(), 6000),
            Tar().File("var/tmp/f", "1"), Tar().File("other", "2")});
  ASSERT_EQ(name.substr(0, 6), "fixup-");
  ASSERT_EQ(name.size(), 6u + 64);
  EXPECT_EQ(Mode(Diff(name)), 0555u);
  EXPECT_EQ(Mode(Diff(name) + "/var"), 0711u);
  EXPECT_EQ(Mode(Diff(name) + "/var/tmp"), 01777u);
  EXPECT_EQ(Stat(Diff(name) + "/var").st_mtim.tv_sec, 5000);
  EXPECT_EQ(Stat(Diff(name) + "/var/tmp").st_mtim.tv_sec, 6000);
  EXPECT_EQ(Stat(Diff(name)).st_mtim.tv_sec, 7000);
  EXPECT_EQ(Count("layers/" + name + "/diff"), 1u);
  // The same again is the same layer.
  EXPECT_EQ(*Open().MakeFixupLayer(ids_), name);
}

TEST_F(FixupTest, ParentsThatAreRightKeepWhatTheyHave) {
  const std::string name = Make({Tar().Dir("a", 0755).Dir("a/b", 0700),
                                 Tar().Dir("a", 0711).File("a/b/f", "1")});
  ASSERT_NE(name, "");
  EXPECT_EQ(Mode(Diff(name) + "/a"), 0711u);
  EXPECT_EQ(Mode(Diff(name) + "/a/b"), 0700u);
  EXPECT_EQ(Mode(Diff(name)), 0755u);
}

TEST_F(FixupTest, TheRootDirectoryCountsToo) {
  const std::string name = Make({Tar().Dir(".", 0555).File("f", "1"), Tar().File("g", "2")});
  ASSERT_NE(name, "");
  EXPECT_EQ(Mode(Diff(name)), 0555u);
  EXPECT_EQ(Count("layers/" + name + "/diff"), 0u);
  EXPECT_EQ(Open().LowerDirs(ids_, name).front(), Diff(name));
}

TEST_F(FixupTest, WhatIsHiddenBelowDoesNotCount) {
  const Tar base = Tar().Dir("d", 0700);
  EXPECT_EQ(Make({base, Tar().File(".wh.d", ""), Tar().File("d/f", "1")}), "");
  EXPECT_EQ(Make({base, Tar().File("d", "a file"), Tar().File("d/f", "2")}), "");
  EXPECT_EQ(Make({base, Tar().Link("d", "elsewhere"), Tar().File("d/f", "3")}), "");
  EXPECT_EQ(Make({base, Tar().File("d/.wh..wh..opq", "").File("d/x", "4")}), "");
  const Tar opaque = Tar().File(".wh..wh..opq", "").File("y", "5");
  EXPECT_EQ(Make({base, opaque, Tar().File("d/f", "6")}), "");
  // A whiteout above it takes the implied directory itself out of the picture.
  EXPECT_EQ(Make({base, Tar().File("d/f", "7"), Tar().File(".wh.d", "")}), "");
  // Hidden for one path is not hidden for another.
  EXPECT_NE(Make({base, Tar().File("d/.wh.x", ""), Tar().File("d/f", "8")}), "");
}

TEST_F(FixupTest, DeepInSeveralLayers) {
  const std::string name =
      Make({Tar().Dir("a", 0701).Dir("a/b", 0702).Dir("a/b/c", 0703), Tar().File("a/b/c/1", "1"),
            Tar().Dir("a", 0711).File("a/b/2", "2"), Tar().File("a/b/c/3", "3")});
  ASSERT_NE(name, "");
  EXPECT_EQ(Mode(Diff(name) + "/a"), 0711u);
  EXPECT_EQ(Mode(Diff(name) + "/a/b"), 0702u);
  EXPECT_EQ(Mode(Diff(name) + "/a/b/c"), 0703u);
}

TEST_F(FixupTest, KeepsOwnersAndXattrs) {
  const Store store = Open();
  const unsigned uid = ::geteuid() == 0 ? 1234 : ::geteuid();
  const Tar base = Tar().Dir("home", 0755, uid), top = Tar().File("home/f", "1");
  ASSERT_OK(Unpack(store, base));
  ASSERT_OK(Unpack(store, top));
  const std::string home = store.LayerDiffPath(base.Digest()) + "/home";
  if (::setxattr(home.c_str(), "user.note", "v", 1, 0) != 0) {
    ASSERT_EQ(::getenv("CTOOL_TEST_MUST_WORK"), nullptr) << "no user xattrs here";
    GTEST_SKIP() << "no user xattrs on this file system";
  }
  const auto name = store.MakeFixupLayer({base.Digest(), top.Digest()});
  ASSERT_OK(name);
  ASSERT_NE(*name, "");
  EXPECT_EQ(Stat(Diff(*name) + "/home").st_uid, uid);
  char value[8];
  EXPECT_EQ(::getxattr((Diff(*name) + "/home").c_str(), "user.note", value, sizeof value), 1);
  EXPECT_EQ(value[0], 'v');
}

TEST_F(FixupTest, AHostileTreeCannotLeadOut) {
  // The base layer has a link where the upper layer implies a directory: nothing behind it counts.
  ASSERT_EQ(::mkdir((folder_ + "/outside").c_str(), 0700), 0);
  EXPECT_EQ(Make({Tar().Link("d", folder_ + "/outside"), Tar().File("d/f", "1")}), "");
  EXPECT_EQ(Make({Tar().Link("e", ".").Dir("x", 0700), Tar().File("e/x/f", "1")}), "");
}

// The proof: what the kernel's overlay shows with the fix-up layer on top.
TEST_F(FixupTest, TheOverlayShowsWhatTheLayersDescribe) {
  const std::string name = Make({Tar().Dir("root", 0700).File("root/keep", "1").Dir("tmp", 01777),
                                 Tar().File("root/new", "2").File("tmp/x/y", "3")});
  ASSERT_NE(name, "");
  const Store store = Open();
  ASSERT_EQ(::mkdir((folder_ + "/merged").c_str(), 0700), 0);
  EXPECT_IN_MOUNT_NAMESPACE([&]() -> int {
    std::string lower;
    for (const std::string& dir : store.LowerDirs(ids_, name))
      lower += (lower.empty() ? "" : ":") + dir;
    const std::string merged = folder_ + "/merged";
    if (::mount("overlay", merged.c_str(), "overlay", MS_RDONLY,
                ("lowerdir=" + lower + ",userxattr").c_str()) != 0)
      return kCannotMount;
    struct stat st {};
    if (::stat((merged + "/root").c_str(), &st) != 0 || (st.st_mode & 07777) != 0700) return 1;
    if (::stat((merged + "/tmp").c_str(), &st) != 0 || (st.st_mode & 07777) != 01777) return 2;
    for (const char* file : {"/root/keep", "/root/new", "/tmp/x/y"})
      if (!sys::Exists(merged + file)) return 3;
    return 0;
  });
}

}  // namespace
}  // namespace ctool::storage
