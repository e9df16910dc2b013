// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "sys/file.hpp"
#include "sys/resolve_internal.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {
namespace {

// A tree with everything that can be met on the way: links up, out, in circles, to nothing.
class ResolveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "/resolve-XXXXXX";
    ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    for (const char* dir : {"/in", "/in/a", "/in/a/b", "/in/c", "/out"}) ASSERT_EQ(::mkdir((root_ + dir).c_str(), 0755), 0);
    for (const char* file : {"/in/f", "/in/a/f", "/in/a/b/f", "/out/secret"})
      ASSERT_TRUE(WriteFileAtomic(root_ + file, file, 0644, Durability::kNone).ok());
    const std::pair<const char*, const char*> links[] = {
        {"../out/secret", "escape"}, {"../../../../../../etc/passwd", "up"}, {"/f", "absolute"}, {"/a/b", "dir"}, {"a/./b/../f", "dots"},
        {"loop2", "loop1"}, {"loop1", "loop2"}, {"nowhere", "dangling"}, {"/", "root"}, {"..", "parent"}, {"a/", "slash"}, {"dir/f", "twice"}};
    for (const auto& [target, name] : links) ASSERT_EQ(::symlink(target, (root_ + "/in/" + name).c_str()), 0);
    ASSERT_EQ(::symlink("../../f", (root_ + "/in/a/b/back").c_str()), 0);
    dir_ = Fd(::open((root_ + "/in").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(dir_);
  }
  void TearDown() override { ASSERT_TRUE(RemoveTree(root_).ok()); }

  // What an open came to: the object, or the errno.
  static std::string Describe(int fd, int err) {
    if (fd < 0) return std::string("errno ") + ::strerrorname_np(err);
    struct stat st {};
    EXPECT_EQ(::fstat(fd, &st), 0);
    return "inode " + std::to_string(st.st_ino) + " flags " + std::to_string(::fcntl(fd, F_GETFL) & ~O_NOFOLLOW) + (::fcntl(fd, F_GETFD) == FD_CLOEXEC ? "" : " inherited");
  }

  void Compare(const std::string& path, uint64_t flags, uint64_t resolve) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.resolve = resolve;
    const Fd kernel(RawOpenat2(dir_.get(), path.c_str(), how));
    const std::string wanted = Describe(kernel.get(), errno);
    const Result<Fd> walked = WalkPath(dir_.get(), path, flags, 0, resolve);
    EXPECT_EQ(Describe(walked.ok() ? walked->get() : -1, walked.ok() ? 0 : walked.error().sys_errno()), wanted)
        << path << " flags " << flags << " resolve " << resolve;
  }

  std::string root_;
  Fd dir_;
};

constexpr uint64_t kFlags[] = {O_RDONLY, O_PATH, O_PATH | O_DIRECTORY, O_PATH | O_NOFOLLOW, O_RDONLY | O_DIRECTORY, O_RDONLY | O_NOFOLLOW, O_WRONLY};
constexpr uint64_t kResolves[] = {RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
                                  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

TEST_F(ResolveTest, AnswersAsTheKernelDoes) {
  for (const char* path : {"f", "/f", "a/f", "a//b///f", "a/b/", "a/b/../f", "..", "../..", "../out/secret", "/../../f", "escape", "up", "absolute", "dir",
                           "dir/", "dir/f", "dots", "loop1", "loop1/x", "dangling", "dangling/x", "root", "root/a", "root/", "parent", "parent/a", "slash",
                           "slash/f", "twice", "a/b/back", ".", "./", "/", "//", "a/.", "a/..", "f/", "f/..", "nothing", "nothing/x", ""})
    for (const uint64_t flags : kFlags)
      for (const uint64_t resolve : kResolves) Compare(path, flags, resolve);
}

TEST_F(ResolveTest, AnswersAsTheKernelDoesToRandomPaths) {
  const char* const kParts[] = {"a", "b", "c", "f", "..", ".", "", "dir", "root", "parent", "slash", "dots", "back", "absolute", "escape", "nothing"};
  std::mt19937 random(7);
  for (int round = 0; round < 4000; ++round) {
    std::string path;
    for (unsigned n = random() % 6 + 1; n > 0; --n) path += std::string(random() % 8 == 0 ? "/" : "") + kParts[random() % std::size(kParts)] + (n > 1 || random() % 6 == 0 ? "/" : "");
    Compare(path, kFlags[random() % std::size(kFlags)], kResolves[random() % std::size(kResolves)]);
  }
}

TEST_F(ResolveTest, CreatesOnlyInside) {
  constexpr uint64_t kCreate = O_WRONLY | O_CREAT;
  const auto create = [&](const char* path, uint64_t flags) {
    const Result<Fd> made = WalkPath(dir_.get(), path, flags, 0600, kResolves[0]);
    return made.ok() ? 0 : made.error().sys_errno();
  };
  EXPECT_EQ(create("new", kCreate), 0);
  EXPECT_TRUE(Exists(root_ + "/in/new"));
  EXPECT_EQ(create("dangling", kCreate), 0);  // where the link leads
  EXPECT_TRUE(Exists(root_ + "/in/nowhere"));
  EXPECT_EQ(create("f", kCreate | O_EXCL), EEXIST);
  EXPECT_EQ(create("../out/made", kCreate), ENOENT);
  EXPECT_EQ(create("c/x", kCreate), 0);
  EXPECT_TRUE(Exists(root_ + "/in/c/x"));
}

// A link of procfs leads to an object, not to the name that it shows.
TEST_F(ResolveTest, RefusesMagicLinks) {
  const Fd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string link = std::to_string(::getpid()) + "/root";
  for (const std::string& path : {link, link + "/etc", std::to_string(::getpid()) + "/ns/user"}) {
    const Result<Fd> opened = WalkPath(proc.get(), path, O_PATH, 0, kResolves[0]);
    ASSERT_FALSE(opened.ok()) << path;
    EXPECT_EQ(opened.error().sys_errno(), ELOOP) << path;
  }
  EXPECT_TRUE(WalkPath(proc.get(), "self/status", O_RDONLY, 0, kResolves[0]).ok());
}

}  // namespace
}  // namespace ctool::sys
