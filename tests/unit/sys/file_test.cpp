// SPDX-License-Identifier: Apache-2.0
#include "sys/file.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "sys/child.hpp"
#include "sys/lock.hpp"
#include "sys/procfs.hpp"
#include "sys/signals.hpp"

namespace ctool::sys {
namespace {

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-file-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }
  std::string dir_;
};

TEST_F(FileTest, AtomicWriteReplacesAndLeavesNoTemporary) {
  EXPECT_TRUE(WriteFileAtomic(dir_ + "/f", "one", 0600, Durability::kSync).ok());
  EXPECT_TRUE(WriteFileAtomic(dir_ + "/f", "two", 0640, Durability::kNone).ok());
  EXPECT_EQ(*ReadFile(dir_ + "/f"), "two");
  EXPECT_EQ(ListDir(Open(dir_, O_RDONLY)->get(), dir_)->size(), 1u);
}

TEST_F(FileTest, RemoveTreeFollowsNoLinkAndOpensClosedFolders) {
  ASSERT_TRUE(MakeDirs(dir_ + "/t/closed/deep", 0755).ok());
  ASSERT_TRUE(MakeDirs(dir_ + "/kept", 0755).ok());
  ASSERT_TRUE(WriteFileAtomic(dir_ + "/kept/f", "x", 0600, Durability::kNone).ok());
  ASSERT_EQ(::symlink((dir_ + "/kept").c_str(), (dir_ + "/t/link").c_str()), 0);
  ASSERT_EQ(::chmod((dir_ + "/t/closed").c_str(), 0), 0);
  EXPECT_TRUE(RemoveTree(dir_ + "/t").ok());
  EXPECT_FALSE(Exists(dir_ + "/t"));
  EXPECT_TRUE(Exists(dir_ + "/kept/f"));
  EXPECT_TRUE(RemoveTree(dir_ + "/not-there").ok());
  EXPECT_TRUE(RemoveTree(dir_ + "/not-there/either").ok());
}

// One folder in another, each with a file and a second folder.
void MakeDeepTree(const std::string& top, int levels) {
  Fd here = Open(top, O_PATH | O_DIRECTORY).value();
  for (int i = 0; i < levels; ++i) {
    ASSERT_TRUE(OpenAt(here.get(), "f", O_WRONLY | O_CREAT, 0600).ok());
    ASSERT_EQ(::mkdirat(here.get(), "a", 0700), 0);
    ASSERT_EQ(::mkdirat(here.get(), "z", 0700), 0);
    here = OpenAt(here.get(), i % 2 == 0 ? "a" : "z", O_PATH | O_DIRECTORY).value();
  }
}

TEST_F(FileTest, RemoveTreeNeedsFewDescriptorsHoweverDeepTheTree) {
  ASSERT_TRUE(MakeDirs(dir_ + "/t", 0755).ok());
  MakeDeepTree(dir_ + "/t", 3000);
  rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Status removed = RemoveTree(dir_ + "/t");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(removed.ok()) << removed.error().text().substr(0, 100) << " errno " << removed.error().sys_errno();
  EXPECT_FALSE(Exists(dir_ + "/t"));
}

TEST_F(FileTest, MakeDirsGivesTheModeWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  const Status made = MakeDirs(dir_ + "/a/b", 0755);
  ::umask(before);
  ASSERT_TRUE(made.ok());
  for (const char* name : {"/a", "/a/b"})
    EXPECT_EQ(StatFd(Open(dir_ + name, O_PATH).value().get(), name)->st_mode & 07777, 0755u) << name;
}

TEST_F(FileTest, RemoveTreeStopsAtAMount) {
  ASSERT_TRUE(MakeDirs(dir_ + "/t/mnt", 0755).ok());
  const std::string map = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string groups = "0 " + std::to_string(::getegid()) + " 1";
  const auto write = [](const char* file, const std::string& text) {
    return WriteAll(Open(file, O_WRONLY)->get(), text, file).ok();
  };
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        !write("/proc/self/setgroups", "deny") || !write("/proc/self/uid_map", map) ||
        !write("/proc/self/gid_map", groups) || ::mount("tmpfs", (dir_ + "/t/mnt").c_str(), "tmpfs", 0, nullptr) < 0)
      ::_exit(2);
    if (!WriteFileAtomic(dir_ + "/t/mnt/f", "x", 0600, Durability::kNone).ok()) ::_exit(3);
    const Status removed = RemoveTree(dir_ + "/t");
    ::_exit(!removed.ok() && removed.error().code() == Code::kBusy && Exists(dir_ + "/t/mnt/f") ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FileTest, OpenPrivateDirRefusesLinksAndForeignFolders) {
  ASSERT_EQ(::symlink("/tmp", (dir_ + "/link").c_str()), 0);
  EXPECT_FALSE(OpenPrivateDir(dir_ + "/link").ok());
  EXPECT_TRUE(OpenPrivateDir(dir_ + "/own").ok());
  if (::geteuid() != 0) { EXPECT_EQ(OpenPrivateDir("/usr").error().code(), Code::kPermission); }
}

TEST_F(FileTest, LocksExcludeEachOtherAndGoWithTheirHolder) {
  const std::string path = dir_ + "/lock";
  {
    const Result<FileLock> held = FileLock::TryAcquire(path, FileLock::Mode::kExclusive);
    ASSERT_TRUE(held.ok());
    EXPECT_EQ(FileLock::TryAcquire(path, FileLock::Mode::kShared).error().code(), Code::kBusy);
  }
  EXPECT_TRUE(FileLock::TryAcquire(path, FileLock::Mode::kExclusive).ok());
}

TEST(Spawn, ReportsAFailedExecAndCapturesOutput) {
  SpawnOptions options;
  options.argv = {"/no/such/program"};
  EXPECT_EQ(Spawn(options).error().sys_errno(), ENOENT);
  options.argv = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3"};
  const Result<Captured> captured = RunCaptured(options);
  ASSERT_TRUE(captured.ok());
  EXPECT_EQ(captured->out, "out\n");
  EXPECT_EQ(captured->err, "err\n");
  EXPECT_EQ(captured->status.code, 3);
}

TEST_F(FileTest, CopyKeepsHolesAndBytes) {
  const Fd from = Open(dir_ + "/from", O_RDWR | O_CREAT, 0600).value();
  constexpr off_t kSize = 64 << 20;
  ASSERT_EQ(::pwrite(from.get(), "first", 5, 0), 5);
  ASSERT_EQ(::pwrite(from.get(), "middle", 6, kSize / 2), 6);
  ASSERT_EQ(::ftruncate(from.get(), kSize), 0);
  const Fd to = Open(dir_ + "/to", O_RDWR | O_CREAT, 0600).value();
  ASSERT_TRUE(CopyContents(from.get(), to.get(), "from").ok());
  const struct stat st = *StatFd(to.get(), "to");
  EXPECT_EQ(st.st_size, kSize);
  EXPECT_LT(st.st_blocks * 512, 1 << 20);
  EXPECT_EQ(*ReadFile(dir_ + "/from", 2 * kSize), *ReadFile(dir_ + "/to", 2 * kSize));
}

TEST_F(FileTest, CopyReadsWhatHasNoSizeAndOverwritesNothingElse) {
  for (const char* source : {"/proc/self/mountinfo", "/dev/null"}) {
    const Fd from = Open(source, O_RDONLY).value();
    const Fd to = Open(dir_ + "/to", O_RDWR | O_CREAT | O_TRUNC, 0600).value();
    ASSERT_TRUE(CopyContents(from.get(), to.get(), source).ok());
    EXPECT_EQ(*ReadFile(dir_ + "/to"), *ReadFile(source));
  }
}

TEST(Spawn, GivesTheChildNothingButWhatIsNamed) {
  const int leaked = ::open("/etc/passwd", O_RDONLY);  // no O_CLOEXEC on purpose
  ::signal(SIGUSR1, SIG_IGN);
  SpawnOptions options;
  options.argv = {"/bin/sh", "-c", "ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status"};
  const Result<Captured> captured = RunCaptured(options);
  ::close(leaked);
  ASSERT_TRUE(captured.ok());
  EXPECT_EQ(captured->out, "0\n1\n2\n3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
      << "3 is ls's own view of the folder";
}

TEST(OpenProcess, KnowsAProcessByItsStartTime) {
  const Result<uint64_t> start = ProcessStartTime(::getpid());
  ASSERT_TRUE(start.ok());
  EXPECT_TRUE(OpenProcess(::getpid(), *start).ok());
  EXPECT_EQ(OpenProcess(::getpid(), *start + 1).error().code(), Code::kNotFound);
}

TEST(Signals, HaveNamesAndNumbers) {
  for (const char* text : {"TERM", "SIGTERM", "sigterm", "15"}) EXPECT_EQ(ParseSignal(text), SIGTERM) << text;
  EXPECT_EQ(ParseSignal("RTMIN+3"), 37);
  EXPECT_EQ(SignalName(37), "SIGRTMIN+3");
  EXPECT_EQ(SignalName(SIGKILL), "SIGKILL");
  for (const char* bad : {"", "0", "65", "SIGFOO", "-9", "RTMIN-1"}) EXPECT_FALSE(ParseSignal(bad)) << bad;
}

}  // namespace
}  // namespace ctool::sys
