// SPDX-License-Identifier: Apache-2.0
#include "config/paths.hpp"

#include <unistd.h>

#include "config/paths_internal.hpp"
#include "sandbox.hpp"

namespace ctool::config {
namespace {

using PathsTest = ConfigTest;

std::vector<std::string> Relative(std::vector<std::string> files, const std::string& base) {
  for (std::string& file : files) file = file.substr(base.size() + 1);
  return files;
}

TEST_F(PathsTest, DefaultsAreBelowHome) {
  const Result<Paths> paths = FindPaths("", "");
  ASSERT_TRUE(paths.ok()) << paths.error().Message();
  EXPECT_EQ(paths->home, home_);
  EXPECT_EQ(paths->graph_root, home_ + "/.local/share/ctool");
  EXPECT_EQ(paths->config_home, home_ + "/.config");
  EXPECT_FALSE(std::filesystem::exists(paths->graph_root));
}

TEST_F(PathsTest, LibexecIsBesideTheProgramsFolder) {
  const Result<Paths> paths = FindPaths("", "");
  ASSERT_TRUE(paths.ok());
  const auto exe = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(paths->libexec, exe.parent_path().parent_path() / "libexec/ctool");
}

TEST_F(PathsTest, XdgVariables) {
  ::setenv("XDG_DATA_HOME", (home_ + "/data/").c_str(), 1);
  ::setenv("XDG_CONFIG_HOME", (home_ + "/conf").c_str(), 1);
  const Result<Paths> paths = FindPaths("", "");
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(paths->graph_root, home_ + "/data/ctool");
  EXPECT_EQ(paths->config_home, home_ + "/conf");
  ::setenv("XDG_DATA_HOME", "relative", 1);
  EXPECT_EQ(FindPaths("", "")->graph_root, home_ + "/.local/share/ctool");
}

TEST_F(PathsTest, RuntimeDirMustBeOurs) {
  const std::string run = home_ + "/run";
  ASSERT_EQ(::mkdir(run.c_str(), 0700), 0);
  ::setenv("XDG_RUNTIME_DIR", run.c_str(), 1);
  EXPECT_EQ(FindPaths("", "")->run_root, run + "/ctool");
  ASSERT_EQ(::chmod(run.c_str(), 0777), 0);  // others could put links there
  EXPECT_NE(FindPaths("", "")->run_root, run + "/ctool");
  ::setenv("XDG_RUNTIME_DIR", Write("file", "").c_str(), 1);
  EXPECT_NE(FindPaths("", "")->run_root, home_ + "/file/ctool");
}

TEST_F(PathsTest, OptionsWinAndBecomeAbsolute) {
  const std::filesystem::path before = std::filesystem::current_path();
  ASSERT_EQ(::chdir(home_.c_str()), 0);
  const Result<Paths> paths = FindPaths("a/../store/", "./run");
  std::filesystem::current_path(before);
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(paths->graph_root, home_ + "/store");
  EXPECT_EQ(paths->run_root, home_ + "/run");
}

TEST_F(PathsTest, RefusesFoldersThatCannotBeRight) {
  EXPECT_FALSE(FindPaths("/", "/tmp/x").ok());
  EXPECT_FALSE(FindPaths("/tmp/x/..//..", "/tmp/x").ok());
  EXPECT_FALSE(FindPaths("/tmp/x", "/tmp/./x").ok());
  ::setenv("HOME", "relative", 1);
  const Result<Paths> paths = FindPaths("", "");
  ASSERT_FALSE(paths.ok());
  EXPECT_EQ(paths.error().code(), Code::kInvalidArgument);
}

TEST_F(PathsTest, MissingHomeComesFromPasswd) {
  ::unsetenv("HOME");
  const Result<std::string> found = FindHome();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->front(), '/');
}

// The fallback in /tmp is checked by a child of another uid, for whom nothing exists yet.
TEST_F(PathsTest, SquattedFallbackIsRefused) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  constexpr uid_t kUid = 61'233;
  const std::string squat = "/tmp/ctool-" + std::to_string(kUid);
  const auto run_root_as_other = [] {
    if (::setresuid(kUid, kUid, kUid) != 0) ::_exit(9);
    const Result<Paths> paths = FindPaths("", "");
    if (paths.ok()) ::_exit(paths->run_root == "/tmp/ctool-61233" ? 0 : 8);
    ::_exit(paths.error().code() == Code::kPermission ? 1 : 7);
  };
  EXPECT_EXIT(run_root_as_other(), ::testing::ExitedWithCode(0), "") << "nothing there: fine";
  ASSERT_EQ(::mkdir(squat.c_str(), 0700), 0);  // owned by root, not by that uid
  EXPECT_EXIT(run_root_as_other(), ::testing::ExitedWithCode(1), "");
  ASSERT_EQ(::chown(squat.c_str(), kUid, kUid), 0);
  EXPECT_EXIT(run_root_as_other(), ::testing::ExitedWithCode(0), "") << "ours and closed: fine";
  ASSERT_EQ(::chmod(squat.c_str(), 0755), 0);
  EXPECT_EXIT(run_root_as_other(), ::testing::ExitedWithCode(1), "");
  ASSERT_EQ(::rmdir(squat.c_str()), 0);
  ASSERT_EQ(::symlink(home_.c_str(), squat.c_str()), 0);
  EXPECT_EXIT(run_root_as_other(), ::testing::ExitedWithCode(1), "");
  ASSERT_EQ(::unlink(squat.c_str()), 0);
}

TEST_F(PathsTest, OnlyTheFirstMainFileButAllDropIns) {
  Write("user/x.conf", "");
  Write("etc/x.conf", "");
  Write("usr/x.conf", "");
  Write("user/x.conf.d/50.conf", "");
  Write("etc/x.conf.d/10.conf", "");
  Write("etc/x.conf.d/50.conf", "");  // masked by the user's
  Write("usr/x.conf.d/99.conf", "");
  Write("usr/x.conf.d/readme.txt", "");
  Write("etc/x.rootless.conf.d/60.conf", "");
  Write("etc/x.rootless.conf.d/1000/61.conf", "");
  Write("etc/x.rootless.conf.d/1001/62.conf", "");
  Write("etc/x.rootful.conf.d/63.conf", "");
  const std::vector<std::string> folders = {home_ + "/user", home_ + "/etc", home_ + "/usr"};
  EXPECT_EQ(
      Relative(ConfigFilesIn(folders, "x.conf", 1000), home_),
      (std::vector<std::string>{"user/x.conf", "etc/x.conf.d/10.conf", "user/x.conf.d/50.conf",
                                "etc/x.rootless.conf.d/60.conf",
                                "etc/x.rootless.conf.d/1000/61.conf", "usr/x.conf.d/99.conf"}));
  EXPECT_EQ(
      Relative(ConfigFilesIn(folders, "x.conf", 0), home_),
      (std::vector<std::string>{"user/x.conf", "etc/x.conf.d/10.conf", "user/x.conf.d/50.conf",
                                "etc/x.rootful.conf.d/63.conf", "usr/x.conf.d/99.conf"}));
  EXPECT_TRUE(ConfigFilesIn(folders, "y.conf", 0).empty());
}

TEST_F(PathsTest, ReadingNeverBlocksAndIsBounded) {
  const std::string fifo = home_ + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ReadConfigText(fifo).error().code(), Code::kCorrupt);
  EXPECT_FALSE(ReadConfigText(home_).ok());
  EXPECT_EQ(ReadConfigText(home_ + "/none").error().code(), Code::kNotFound);
  ASSERT_EQ(::symlink("loop", (home_ + "/loop").c_str()), 0);
  EXPECT_FALSE(ReadConfigText(home_ + "/loop").ok());
  EXPECT_EQ(ReadConfigText(Write("big", std::string((4 << 20) + 1, 'x'))).error().code(),
            Code::kCorrupt);
  EXPECT_EQ(*ReadConfigText("/dev/null"), "");
  EXPECT_FALSE(ReadConfigText("/dev/zero").ok());
}

}  // namespace
}  // namespace ctool::config
