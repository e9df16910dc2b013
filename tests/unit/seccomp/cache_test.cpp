// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simulate.hpp"
#include "sys/file.hpp"

namespace ctool::seccomp {
namespace {

class Cache : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(base_.data()), nullptr);
    dir_ = base_ + "/seccomp";
  }
  void TearDown() override { EXPECT_TRUE(sys::RemoveTree(base_).ok()); }
  std::vector<std::string> Files() {
    const sys::Fd fd = std::move(sys::Open(dir_, O_RDONLY | O_DIRECTORY)).value();
    return std::move(sys::ListDir(fd.get(), dir_)).value();
  }
  std::string Get(const std::optional<std::string>& text = {},
                  const std::vector<std::string>& caps = kDefaultCaps) {
    const Result<std::string> program = CompileCached(dir_, text, caps);
    EXPECT_TRUE(program.ok());
    return program.ok() ? *program : "";
  }

  std::string base_ = "/tmp/seccomp_cache.XXXXXX", dir_;
};

const std::string kSmall =
    R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"}]})";

TEST_F(Cache, AHitIsTheSameProgram) {
  const std::string expected = MustCompile(DefaultProfileText(), kDefaultCaps);
  EXPECT_EQ(Get(), expected);
  ASSERT_EQ(Files().size(), 1u);
  struct stat before {
  }, after{};
  const std::string path = dir_ + "/" + Files()[0];
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  EXPECT_EQ(before.st_mode & 07777, 0600u);
  EXPECT_EQ(Get(), expected);
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);  // not written again
}

TEST_F(Cache, TheKeyIsProfileAndCapabilities) {
  const std::string plain = Get();
  EXPECT_NE(Get({}, {"CAP_SYS_ADMIN"}), plain);
  EXPECT_EQ(Get(kSmall), MustCompile(kSmall));
  EXPECT_EQ(Get(kSmall + " "), MustCompile(kSmall));
  EXPECT_EQ(Files().size(), 4u);
  // The set counts, not its order or spelling.
  Get({}, {"CAP_CHOWN", "CAP_KILL"});
  Get({}, {"kill", "chown"});
  EXPECT_EQ(Files().size(), 5u);
}

TEST_F(Cache, EveryDamagedByteIsNoticed) {
  const std::string expected = Get(kSmall);
  const std::string path = dir_ + "/" + Files().at(0);
  const std::string good = *sys::ReadFile(path);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    ASSERT_TRUE(sys::WriteFileAtomic(path, bad, 0600, sys::Durability::kNone).ok());
    ASSERT_EQ(Get(kSmall), expected) << at;
    ASSERT_EQ(*sys::ReadFile(path), good) << "not mended, byte " << at;
  }
  for (const size_t size : {size_t{0}, size_t{5}, good.size() / 2, good.size() - 1}) {
    ASSERT_TRUE(
        sys::WriteFileAtomic(path, good.substr(0, size), 0600, sys::Durability::kNone).ok());
    EXPECT_EQ(Get(kSmall), expected) << size;
  }
  ASSERT_TRUE(sys::WriteFileAtomic(path, good + "x", 0600, sys::Durability::kNone).ok());
  EXPECT_EQ(Get(kSmall), expected);
}

TEST_F(Cache, LinksAndFifosAreNotFollowed) {
  const std::string expected = Get(kSmall);
  const std::string path = dir_ + "/" + Files().at(0);
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(Get(kSmall), expected);
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::symlink("/dev/zero", path.c_str()), 0);
  EXPECT_EQ(Get(kSmall), expected);
}

TEST_F(Cache, AFileOfSomebodyElseIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const std::string expected = Get(kSmall);
  const std::string path = dir_ + "/" + Files().at(0);
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  EXPECT_EQ(Get(kSmall), expected);
  struct stat st {};
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 0u);  // written anew
}

TEST_F(Cache, TheDirectoryIsClosedToOthers) {
  ASSERT_EQ(::mkdir(dir_.c_str(), 0755), 0);
  EXPECT_EQ(Get(kSmall), MustCompile(kSmall));
  struct stat st {};
  ASSERT_EQ(::stat(dir_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0700u);
}

TEST_F(Cache, WorksWithoutACache) {
  const Result<std::string> program = CompileCached("/proc/no/such/place", kSmall, {});
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(*program, MustCompile(kSmall));
}

TEST_F(Cache, ABadProfileIsAnErrorAndIsNotKept) {
  EXPECT_FALSE(CompileCached(dir_, "{}", {}).ok());
  EXPECT_TRUE(Files().empty());
}

TEST_F(Cache, DoesNotGrowForEver) {
  for (int i = 0; i < 150; ++i) Get(kSmall + std::string(static_cast<size_t>(i), ' '), {});
  EXPECT_LE(Files().size(), 64u);
}

}  // namespace
}  // namespace ctool::seccomp
