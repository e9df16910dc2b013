// SPDX-License-Identifier: Apache-2.0
#include "archive/unpack.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"
#include "tar_builder.hpp"

namespace ctool::archive {
namespace {

using test::InSingleIdNamespace;
using test::Raw;
using test::Sandbox;
using test::Slurp;
using test::TarBuilder;

UnpackStats Good(const Sandbox& box, const TarBuilder& tar,
                 const UnpackOptions& options = Sandbox::Options()) {
  Result<UnpackStats> stats = box.Unpack(tar.str(), options);
  EXPECT_TRUE(stats.ok()) << stats.error().Message();
  EXPECT_TRUE(box.CanaryUnchanged());
  return stats.ok() ? std::move(stats).value() : UnpackStats();
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

bool HasUserXattrs(const Sandbox& box) {
  return ::setxattr(box.canary().c_str(), "user.probe", "x", 1, 0) == 0 &&
         ::removexattr(box.canary().c_str(), "user.probe") == 0;
}

TEST(Unpack, EveryKindOfEntry) {
  const Sandbox box;
  const UnpackStats stats = Good(box, TarBuilder()
                                          .Dir("./", 0750)
                                          .Dir("d/", 01777)
                                          .File("d/f", "contents", 0640)
                                          .File("d/empty", "", 0400)
                                          .Symlink("d/s", "../anywhere")
                                          .Link("d/h", "d/f")
                                          .Link("abs", "/d/f")
                                          .Add(Raw{.name = "p", .flag = '6', .mode = 0622}));
  EXPECT_EQ(stats.entries, 8U);
  EXPECT_EQ(stats.bytes, 8U);
  EXPECT_TRUE(stats.implied_dirs.empty());
  EXPECT_EQ(box.Stat("").st_mode, S_IFDIR | 0750U);
  EXPECT_EQ(box.Stat("d").st_mode, S_IFDIR | 01777U);
  EXPECT_EQ(box.Stat("d/f").st_mode, S_IFREG | 0640U);
  EXPECT_EQ(box.Stat("d/f").st_nlink, 3U);
  EXPECT_EQ(box.Stat("d/empty").st_mode, S_IFREG | 0400U);
  EXPECT_EQ(Slurp(box / "abs"), "contents");
  EXPECT_EQ(test::fs::read_symlink(box / "d/s"), "../anywhere");
  EXPECT_EQ(box.Stat("p").st_mode, S_IFIFO | 0622U);
  for (const char* path : {"", "d", "d/f", "d/empty", "d/s", "p"})
    EXPECT_EQ(box.Stat(path).st_mtim.tv_sec, 1700000000) << path;
}

TEST(Unpack, ModesAreExactUnderAnyUmask) {
  for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
    const Sandbox box;
    const Umask scope(mask);
    Good(box, TarBuilder()
                  .Dir("d/", 0777).File("d/f", "x", 0666).File("d/suid", "x", 04755).Dir("sgid/", 02775)
                  .File("implied/f").Add(Raw{.name = "p", .flag = '6', .mode = 0666}));
    EXPECT_EQ(box.Stat("d").st_mode & 07777, 0777U) << mask;
    EXPECT_EQ(box.Stat("d/f").st_mode & 07777, 0666U) << mask;
    EXPECT_EQ(box.Stat("d/suid").st_mode & 07777, 04755U) << mask;
    EXPECT_EQ(box.Stat("sgid").st_mode & 07777, 02775U) << mask;
    EXPECT_EQ(box.Stat("implied").st_mode & 07777, 0755U) << mask;
    EXPECT_EQ(box.Stat("p").st_mode & 07777, 0666U) << mask;
  }
}

TEST(Unpack, ModesAreExactUnderADefaultAcl) {
  const Sandbox box;
  // Version 2; user::rwx group::rwx other::rwx, which would take the place of the umask.
  const std::string acl("\2\0\0\0" "\1\0\7\0\xff\xff\xff\xff" "\4\0\7\0\xff\xff\xff\xff"
                        "\x20\0\7\0\xff\xff\xff\xff", 28);
  if (::setxattr(box.dest().c_str(), "system.posix_acl_default", acl.data(), acl.size(), 0) < 0)
    GTEST_SKIP() << "no ACLs on this file system";
  const Umask scope(022);
  Good(box, TarBuilder().Dir("d/", 0777).File("d/f", "x", 0644).File("implied/f", "x", 0666));
  EXPECT_EQ(box.Stat("d").st_mode & 07777, 0777U);
  EXPECT_EQ(box.Stat("d/f").st_mode & 07777, 0644U);
  EXPECT_EQ(box.Stat("implied").st_mode & 07777, 0755U);
  EXPECT_EQ(box.Stat("implied/f").st_mode & 07777, 0666U);
}

TEST(Unpack, DirectoriesWithoutPermissionsCanHaveEntries) {
  const Sandbox box;
  Good(box, TarBuilder().Dir("d/", 0).Dir("d/e/", 0500).File("d/e/f", "x", 0).Dir("./", 0500));
  EXPECT_EQ(box.Stat("").st_mode & 07777, 0500U);
  EXPECT_EQ(box.Stat("d").st_mode & 07777, 0U);
  ASSERT_EQ(::chmod((box / "d").c_str(), 0700), 0);
  EXPECT_EQ(box.Stat("d/e").st_mode & 07777, 0500U);
  EXPECT_EQ(box.Stat("d/e/f").st_mode & 07777, 0U);
  ASSERT_EQ(::chmod(box.dest().c_str(), 0700), 0);
}

TEST(Unpack, TimesOfDirectoriesSurviveTheirEntries) {
  const Sandbox box;
  Good(box, TarBuilder().Dir("a/").Dir("a/b/").File("a/b/f").File("a/f").Link("a/b/h", "a/f"));
  EXPECT_EQ(box.Stat("a").st_mtim.tv_sec, 1700000000);
  EXPECT_EQ(box.Stat("a/b").st_mtim.tv_sec, 1700000000);
}

TEST(Unpack, NanosecondsAndTimesBeforeTheEpoch) {
  const Sandbox box;
  Good(box, TarBuilder().Pax({{"mtime", "1700000000.123456789"}}).File("f").Pax({{"mtime", "-1.5"}}).Dir("d/"));
  EXPECT_EQ(box.Stat("f").st_mtim.tv_nsec, 123456789);
  EXPECT_EQ(box.Stat("d").st_mtim.tv_sec, -2);
  EXPECT_EQ(box.Stat("d").st_mtim.tv_nsec, 500000000);
}

TEST(Unpack, LargeFilesByPieces) {
  std::string data(1500001, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 + i / 1000);
  const Sandbox box;
  Good(box, TarBuilder().File("before").File("big", data).File("after"));
  EXPECT_TRUE(Slurp(box / "big") == data);
  EXPECT_EQ(Slurp(box / "after"), "x");
}

TEST(Unpack, SparseFilesKeepTheirHoles) {
  const Sandbox box;
  Good(box, TarBuilder()
                .Pax({{"GNU.sparse.map", "8388608,3,16777216,3"}, {"GNU.sparse.size", "33554432"}})
                .File("sparse", "midlow"));
  const struct stat st = box.Stat("sparse");
  EXPECT_EQ(st.st_size, 32 << 20);
  EXPECT_LT(st.st_blocks * 512, 1 << 20);
  const std::string data = Slurp(box / "sparse");
  EXPECT_EQ(data.substr(8388608, 4), std::string("mid\0", 4));
  EXPECT_EQ(data.substr(16777216, 4), std::string("low\0", 4));
}

TEST(Unpack, NothingInTheStreamIsAnEmptyLayer) {
  for (const size_t size : {0, 512, 1024, 10240}) {
    const Sandbox box;
    const Result<UnpackStats> stats = box.Unpack(std::string(size, '\0'));
    ASSERT_TRUE(stats.ok()) << stats.error().Message();
    EXPECT_EQ(stats->entries, 0U);
  }
}

TEST(Unpack, ReadsTheStreamToItsEnd) {
  const Sandbox box;
  const std::string tar = TarBuilder().File("f").str() + TarBuilder().File("g").str() + std::string(3 << 20, 'z');
  const std::unique_ptr<Source> source = FromMemory(tar);
  const Result<sys::Root> root = sys::Root::Open(box.dest());
  ASSERT_TRUE(root.ok());
  const Result<UnpackStats> stats = Unpack(*source, *root, Sandbox::Options());
  ASSERT_TRUE(stats.ok()) << stats.error().Message();
  EXPECT_EQ(stats->entries, 1U);
  EXPECT_FALSE(box.Has("g"));
  char byte = 0;
  EXPECT_EQ(*source->Read(std::span<char>(&byte, 1)), 0U);
}

// --- directories ---

TEST(ImpliedDirs, AreReportedAndMade0755) {
  const Sandbox box;
  const UnpackStats stats = Good(box, TarBuilder().File("a/b/c/f").Dir("x/y/").File("a/b/g"));
  EXPECT_EQ(stats.implied_dirs, (std::vector<std::string>{"x", "a/b/c", "a/b", "a"}));
  EXPECT_EQ(box.Stat("a/b/c").st_mode & 07777, 0755U);
}

TEST(ImpliedDirs, ALaterEntryDescribesThem) {
  const Sandbox box;
  const UnpackStats stats = Good(box, TarBuilder().File("a/b/f").Dir("a/b/", 0711));
  EXPECT_EQ(stats.implied_dirs, std::vector<std::string>{"a"});
  EXPECT_EQ(box.Stat("a/b").st_mode & 07777, 0711U);
  EXPECT_EQ(box.Stat("a/b").st_mtim.tv_sec, 1700000000);
  EXPECT_TRUE(box.Has("a/b/f"));
}

TEST(ImpliedDirs, AreNamedWithoutLinks) {
  const Sandbox box;
  const UnpackStats stats = Good(
      box, TarBuilder().Dir("run/").Dir("var/").Symlink("var/run", "/run").File("var/run/x/f").File("var/run/y"));
  EXPECT_EQ(stats.implied_dirs, std::vector<std::string>{"run/x"});
  EXPECT_TRUE(box.Has("run/x/f"));
  EXPECT_TRUE(box.Has("run/y"));
  EXPECT_TRUE(test::fs::is_symlink(box / "var/run"));
}

TEST(Duplicates, TheLastEntryCounts) {
  const Sandbox box;
  Good(box, TarBuilder().File("f", "first, longer").File("f", "second").Symlink("s", "one").Symlink("s", "two")
                .File("g", "one").Link("h", "f").Link("g", "f"));
  EXPECT_EQ(Slurp(box / "f"), "second");
  EXPECT_EQ(test::fs::read_symlink(box / "s"), "two");
  EXPECT_EQ(Slurp(box / "g"), "second");
  EXPECT_EQ(box.Stat("f").st_nlink, 3U);
}

TEST(Duplicates, ReplacingAFileLeavesItsOtherNamesAlone) {
  const Sandbox box;
  Good(box, TarBuilder().File("f", "first").Link("h", "f").File("f", "second"));
  EXPECT_EQ(Slurp(box / "h"), "first");
  EXPECT_EQ(Slurp(box / "f"), "second");
}

TEST(Duplicates, DirectoriesMerge) {
  const Sandbox box;
  Good(box, TarBuilder().Dir("d/", 0700).File("d/f").Dir("d/", 0755).File("d/g"));
  EXPECT_EQ(box.Stat("d").st_mode & 07777, 0755U);
  EXPECT_TRUE(box.Has("d/f"));
  EXPECT_TRUE(box.Has("d/g"));
}

TEST(Duplicates, ADirectoryGivesWayToAFileWithAllThatIsInIt) {
  const Sandbox box;
  const UnpackStats stats =
      Good(box, TarBuilder().Dir("d/", 0).File("d/e/f").Dir("d-other/").File("d", "file").File("z/f").File("z", "file"));
  EXPECT_EQ(Slurp(box / "d"), "file");
  EXPECT_TRUE(box.Has("d-other"));
  EXPECT_TRUE(stats.implied_dirs.empty());
}

TEST(Duplicates, ADirectoryTakesThePlaceOfAFileOrLink) {
  const Sandbox box;
  Good(box, TarBuilder().File("f").Dir("f/").File("f/x").Dir("t/").Symlink("l", "t").Dir("l/").File("l/x"));
  EXPECT_TRUE(test::fs::is_directory(test::fs::symlink_status(box / "f")));
  EXPECT_TRUE(test::fs::is_directory(test::fs::symlink_status(box / "l")));
  EXPECT_TRUE(box.Has("l/x"));
  EXPECT_FALSE(box.Has("t/x"));
}

TEST(Links, AHardLinkToALinkIsTheLinkItself) {
  const Sandbox box;
  Good(box, TarBuilder().File("f").Symlink("s", "f").Link("h", "s"));
  EXPECT_TRUE(test::fs::is_symlink(box / "h"));
  EXPECT_EQ(box.Stat("h").st_ino, box.Stat("s").st_ino);
}

TEST(Links, AHardLinkThroughALinkedDirectory) {
  const Sandbox box;
  Good(box, TarBuilder().Dir("usr/lib/").Symlink("lib", "usr/lib").File("usr/lib/f").Link("lib/g", "lib/f"));
  EXPECT_EQ(box.Stat("usr/lib/g").st_ino, box.Stat("usr/lib/f").st_ino);
}

// --- whiteouts ---

TEST(Whiteouts, BecomeOverlayWhiteouts) {
  const Sandbox box;
  if (!HasUserXattrs(box)) GTEST_SKIP() << "no user.* xattrs on this file system";
  const UnpackStats stats =
      Good(box, TarBuilder().Dir("d/").File("d/.wh.gone", "").File("a/b/.wh.gone", "").File("d/.wh..wh..opq", "")
                    .File(".wh.top", "").File("d/not.wh.one"));
  EXPECT_TRUE(box.IsWhiteout("d/gone"));
  EXPECT_TRUE(box.IsWhiteout("a/b/gone"));
  EXPECT_TRUE(box.IsWhiteout("top"));
  EXPECT_TRUE(box.IsOpaque("d"));
  EXPECT_FALSE(box.IsOpaque("a"));
  EXPECT_FALSE(box.Has("d/.wh..wh..opq"));
  EXPECT_FALSE(stats.opaque_root);
  EXPECT_EQ(Slurp(box / "d/not.wh.one"), "x");
  EXPECT_EQ(stats.implied_dirs, (std::vector<std::string>{"a/b", "a"}));
  EXPECT_EQ(box.Stat("d").st_mtim.tv_sec, 1700000000);
}

TEST(Whiteouts, OpaqueImpliedDirectory) {
  const Sandbox box;
  if (!HasUserXattrs(box)) GTEST_SKIP() << "no user.* xattrs on this file system";
  const Umask scope(077);
  const UnpackStats stats = Good(box, TarBuilder().File("d/.wh..wh..opq", ""));
  EXPECT_TRUE(box.IsOpaque("d"));
  EXPECT_EQ(box.Stat("d").st_mode & 07777, 0755U);
  EXPECT_EQ(stats.implied_dirs, std::vector<std::string>{"d"});
}

TEST(Whiteouts, OpaqueRootIsReported) {
  const Sandbox box;
  if (!HasUserXattrs(box)) GTEST_SKIP() << "no user.* xattrs on this file system";
  const mode_t before = box.Stat("").st_mode;
  const UnpackStats stats = Good(box, TarBuilder().File(".wh..wh..opq", "").File("f"));
  EXPECT_TRUE(stats.opaque_root);
  EXPECT_TRUE(stats.implied_dirs.empty());
  EXPECT_EQ(box.Stat("").st_mode, before);
}

TEST(Whiteouts, MeanTheLayersBelowInAnyOrder) {
  const Sandbox box;
  if (!HasUserXattrs(box)) GTEST_SKIP() << "no user.* xattrs on this file system";
  Good(box, TarBuilder()
                .File("before", "kept").File(".wh.before", "")
                .File(".wh.after", "").File("after", "kept")
                .Dir("dir1/").File("dir1/f").File(".wh.dir1", "")
                .File(".wh.dir2", "").Dir("dir2/").File("dir2/f")
                .File(".wh.dir3", "").File("dir3/implied")
                .File(".wh.twice", "").File(".wh.twice", ""));
  EXPECT_EQ(Slurp(box / "before"), "kept");
  EXPECT_EQ(Slurp(box / "after"), "kept");
  for (const char* dir : {"dir1", "dir2", "dir3"}) EXPECT_TRUE(box.IsOpaque(dir)) << dir;
  EXPECT_TRUE(box.Has("dir1/f"));
  EXPECT_TRUE(box.Has("dir2/f"));
  EXPECT_TRUE(box.Has("dir3/implied"));
  EXPECT_TRUE(box.IsWhiteout("twice"));
}

TEST(Whiteouts, ThroughALinkStayInside) {
  const Sandbox box;
  Good(box, TarBuilder().Dir("real/").Symlink("l", "/real").File("l/.wh.gone", ""));
  EXPECT_TRUE(box.IsWhiteout("real/gone"));
}

TEST(Whiteouts, AufsBookkeepingIsSkipped) {
  const Sandbox box;
  Good(box, TarBuilder().File(".wh..wh.aufs", "").Dir(".wh..wh.plnk/").File(".wh..wh.plnk/1.2").File("f"));
  EXPECT_FALSE(box.Has(".wh..wh.plnk"));
  EXPECT_TRUE(box.Has("f"));
}

TEST(Whiteouts, AreOrdinaryNamesInARootFileSystem) {
  const Sandbox box;
  UnpackOptions options = Sandbox::Options();
  options.whiteouts = false;
  Good(box, TarBuilder().File("d/.wh.name", "text").File("d/.wh..wh..opq", ""), options);
  EXPECT_EQ(Slurp(box / "d/.wh.name"), "text");
  EXPECT_TRUE(box.Has("d/.wh..wh..opq"));
  EXPECT_FALSE(box.IsOpaque("d"));
}

// --- devices, xattrs, owners ---

TEST(Devices, AreSkippedAndCounted) {
  const Sandbox box;
  const UnpackStats stats = Good(box, TarBuilder().Dir("dev/").Add(Raw{.name = "dev/null", .flag = '3'})
                                          .Add(Raw{.name = "dev/sda", .flag = '4'}).Link("dev/zero", "dev/null")
                                          .Link("dev/more", "dev/zero").File("f"));
  EXPECT_EQ(stats.skipped_devices, 4U);
  EXPECT_TRUE(test::fs::is_empty(box / "dev"));
  EXPECT_TRUE(box.Has("f"));
}

std::string Capability(char version, size_t size) {
  std::string value("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", size);
  value[3] = version;
  return value;
}

TEST(Xattrs, OnlyHarmlessOnesAreApplied) {
  const Sandbox box;
  if (!HasUserXattrs(box)) GTEST_SKIP() << "no user.* xattrs on this file system";
  const auto pax = [](const std::string& name, const std::string& value) {
    return std::pair<std::string, std::string>("SCHILY.xattr." + name, value);
  };
  const UnpackStats stats = Good(
      box, TarBuilder()
               .Pax({pax("user.mine", "value"), pax("user.empty", ""), pax("trusted.overlay.opaque", "y"),
                     pax("user.overlay.opaque", "y"), pax("user.overlay.redirect", "/etc"),
                     pax("user.containers.override_stat", "0:0:0777"), pax("security.selinux", "x"),
                     pax("security.ima", "x"), pax("system.posix_acl_access", "x"), pax("user.", "x"),
                     pax("user." + std::string(300, 'n'), "x"),
                     pax("security.capability", Capability(3, 24))})
               .Dir("bin/")
               .Pax({pax("user.mine", "value"), pax("user.overlay.metacopy", "")}).File("bin/f")
               .Pax({pax("user.mine", "value")}).Symlink("s", "x")
               .Pax({pax("user.mine", "value")}).Add(Raw{.name = "p", .flag = '6'}));
  EXPECT_EQ(box.Xattr("bin", "user.mine"), "value");
  EXPECT_FALSE(box.IsOpaque("bin"));
  EXPECT_EQ(box.Xattr("bin", "user.overlay.redirect"), "");
  EXPECT_EQ(box.Xattr("bin/f", "user.mine"), "value");
  EXPECT_EQ(stats.dropped_xattrs, 13U);
  char names[512];
  const ssize_t n = ::listxattr((box / "bin").c_str(), names, sizeof names);
  EXPECT_EQ(std::string(names, n > 0 ? static_cast<size_t>(n) : 0).find("overlay"), std::string::npos);
}

TEST(Xattrs, DirectoriesMergeTheirs) {
  const Sandbox box;
  if (!HasUserXattrs(box)) GTEST_SKIP() << "no user.* xattrs on this file system";
  Good(box, TarBuilder().Pax({{"SCHILY.xattr.user.a", "1"}, {"SCHILY.xattr.user.b", "1"}}).Dir("d/")
                .Pax({{"SCHILY.xattr.user.b", "2"}}).Dir("d/"));
  EXPECT_EQ(box.Xattr("d", "user.a"), "1");
  EXPECT_EQ(box.Xattr("d", "user.b"), "2");
}

TEST(Xattrs, FileCapabilitiesOfTheNamespacesRoot) {
  const Sandbox box;
  const TarBuilder tar = TarBuilder()
                             .Pax({{"SCHILY.xattr.security.capability", Capability(2, 20)}})
                             .File("ping", "x", 04755);
  const std::string text = InSingleIdNamespace([&] {
    const Result<UnpackStats> stats = box.Unpack(tar.str(), UnpackOptions());
    if (!stats.ok()) return stats.error().Message();
    return std::to_string(stats->dropped_xattrs);
  });
  ASSERT_EQ(text, "0");
  EXPECT_EQ(box.Stat("ping").st_mode & 07777, 04755U);
  // Version 3, which holds the namespace's root; outside of it the file has no capability. The
  // initial namespace's own root gets version 2 back.
  const std::string value = box.Xattr("ping", "security.capability");
  ASSERT_GE(value.size(), 20U);
  EXPECT_EQ(value[3], ::geteuid() == 0 ? 2 : 3);
}

TEST(Owners, AreSetByRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root; Owners.SingleId covers the rest";
  const Sandbox box;
  Good(box, TarBuilder()
                .Add(Raw{.name = "mail/", .flag = '5', .mode = 02775, .uid = "0", .gid = "8"})
                .File("mail/box", "x", 0644)  // does not get the directory's group
                .Dir("mail/sub/", 0755)
                .Add(Raw{.name = "suid", .mode = 06755, .uid = "1000", .gid = "50"}, "x")
                .Add(Raw{.name = "link", .flag = '2', .link = "x", .uid = "7", .gid = "7"})
                .Add(Raw{.name = "pipe", .flag = '6', .mode = 0600, .uid = "7", .gid = "0"})
                .Add(Raw{.name = "./", .flag = '5', .mode = 0755, .uid = "3", .gid = "4"}));
  EXPECT_EQ(box.Stat("mail").st_gid, 8U);
  EXPECT_EQ(box.Stat("mail").st_mode & 07777, 02775U);
  EXPECT_EQ(box.Stat("mail/box").st_gid, 0U);
  EXPECT_EQ(box.Stat("mail/sub").st_gid, 0U);
  EXPECT_EQ(box.Stat("mail/sub").st_mode & 07777, 0755U);
  EXPECT_EQ(box.Stat("suid").st_uid, 1000U);
  EXPECT_EQ(box.Stat("suid").st_mode & 07777, 06755U);
  EXPECT_EQ(box.Stat("link").st_uid, 7U);
  EXPECT_EQ(box.Stat("pipe").st_uid, 7U);
  EXPECT_EQ(box.Stat("pipe").st_gid, 0U);
  EXPECT_EQ(box.Stat("").st_uid, 3U);
  EXPECT_EQ(box.Stat("").st_gid, 4U);
}

TEST(Owners, DestinationThatGivesItsGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const Sandbox box;
  ASSERT_EQ(::chown(box.dest().c_str(), 0, 42), 0);
  ASSERT_EQ(::chmod(box.dest().c_str(), 02755), 0);
  Good(box, TarBuilder().File("f").Dir("d/", 0755).File("d/g").Symlink("s", "f"));
  for (const char* path : {"f", "d", "d/g", "s"}) EXPECT_EQ(box.Stat(path).st_gid, 0U) << path;
  EXPECT_EQ(box.Stat("d").st_mode & 07777, 0755U);
}

TEST(Owners, IdsOutsideTheRangesAreRefused) {
  const Sandbox box;
  UnpackOptions options;
  options.uids = {{.first = 0, .count = 65536}, {.first = 100000, .count = 10}};
  options.gids = {{.first = 0, .count = 1}};
  for (const auto& [uid, gid, words] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"70000", "0", "uid 70000 of \"f\" is not mapped: there are 0-65535, 100000-100009"},
           {"99999", "0", "uid 99999"}, {"100010", "0", "uid 100010"}, {"0", "1", "gid 1 of \"f\" is not mapped"}}) {
    const Result<UnpackStats> stats = box.Unpack(TarBuilder().Add(Raw{.name = "f", .uid = uid, .gid = gid}).str(), options);
    ASSERT_FALSE(stats.ok());
    EXPECT_EQ(stats.error().code(), Code::kPermission);
    EXPECT_NE(stats.error().Message().find(words), std::string::npos) << stats.error().Message();
    EXPECT_NE(stats.error().hint().find("/etc/subuid"), std::string::npos);
  }
}

TEST(Owners, SingleId) {
  const Sandbox strict, box;
  const TarBuilder tar = TarBuilder()
                             .Dir("d/", 0).File("d/root", "x", 04711)
                             .Add(Raw{.name = "d/mail", .uid = "0", .gid = "8"}, "x")
                             .Add(Raw{.name = "web/", .flag = '5', .mode = 0700, .uid = "33", .gid = "33"})
                             .Add(Raw{.name = "web/l", .flag = '2', .link = "x", .uid = "33", .gid = "33"})
                             .File("d/.wh.gone", "");
  UnpackOptions options;
  options.uids = options.gids = {{.first = 0, .count = 1}};
  const auto run = [&](const Sandbox& into) {
    return InSingleIdNamespace([&] {
      const Result<UnpackStats> stats = into.Unpack(tar.str(), options);
      return stats.ok() ? "dropped " + std::to_string(stats->dropped_ids) : stats.error().Message();
    });
  };
  EXPECT_EQ(run(strict), "gid 8 of \"d/mail\" is not mapped: there are 0-0");
  options.ignore_chown_errors = true;
  EXPECT_EQ(run(box), "dropped 3");
  EXPECT_EQ(box.Stat("web").st_uid, ::geteuid());
  EXPECT_EQ(box.Stat("d").st_mode & 07777, 0U);
  ASSERT_EQ(::chmod((box / "d").c_str(), 0700), 0);
  EXPECT_EQ(box.Stat("d/root").st_mode & 07777, 04711U);
  EXPECT_TRUE(box.IsWhiteout("d/gone"));
}

TEST(Owners, WhatTheKernelRefusesIsExplained) {
  const Sandbox box;
  const std::string tar = TarBuilder().Add(Raw{.name = "f", .uid = "33"}, "x").str();
  // The caller says that every id exists, and it does not.
  const auto run = [&](bool ignore) {
    return InSingleIdNamespace([&] {
      UnpackOptions options;
      options.ignore_chown_errors = ignore;
      const Result<UnpackStats> stats = box.Unpack(tar, options);
      return stats.ok() ? "dropped " + std::to_string(stats->dropped_ids)
                        : stats.error().text() + (stats.error().code() == Code::kPermission ? "" : " (code)");
    });
  };
  EXPECT_EQ(run(false), "chown 33:0 'f'");
  EXPECT_EQ(run(true), "dropped 1");
}

}  // namespace
}  // namespace ctool::archive
