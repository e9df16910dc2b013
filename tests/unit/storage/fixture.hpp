// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>

#include "digest/sha256.hpp"
#include "storage/store.hpp"
#include "sys/file.hpp"

namespace ctool::storage {

// A tar archive in memory, entry by entry (POSIX ustar).
class Tar {
 public:
  Tar& Dir(const std::string& name, int mode = 0755, unsigned uid = ::getuid(), long mtime = 1000) {
    return Add(name + "/", '5', "", "", mode, uid, mtime);
  }
  Tar& File(const std::string& name, const std::string& data, int mode = 0644) {
    return Add(name, '0', data, "", mode, ::getuid(), 1000);
  }
  Tar& Link(const std::string& name, const std::string& target) {
    return Add(name, '2', "", target, 0777, ::getuid(), 1000);
  }
  std::string Bytes() const { return bytes_ + std::string(1024, '\0'); }
  spec::Digest Digest() const { return digest::Sha256(Bytes()); }

 private:
  Tar& Add(const std::string& name, char type, const std::string& data, const std::string& link,
           int mode, unsigned uid, long mtime) {
    std::array<char, 512> h{};
    std::memcpy(h.data(), name.data(), name.size());
    std::snprintf(&h[100], 8, "%07o", static_cast<unsigned>(mode));
    std::snprintf(&h[108], 8, "%07o", uid);
    std::snprintf(&h[116], 8, "%07o", ::getgid());
    std::snprintf(&h[124], 12, "%011zo", data.size());
    std::snprintf(&h[136], 12, "%011lo", mtime);
    h[156] = type;
    std::memcpy(&h[157], link.data(), link.size());
    std::memcpy(&h[257], "ustar\00000", 8);
    std::memset(&h[148], ' ', 8);
    unsigned sum = 0;
    for (const char c : h) sum += static_cast<unsigned char>(c);
    std::snprintf(&h[148], 8, "%06o", sum);
    bytes_.append(h.data(), h.size());
    bytes_ += data;
    bytes_.append((512 - data.size() % 512) % 512, '\0');
    return *this;
  }
  std::string bytes_;
};

#define ASSERT_OK(expr)                                                  \
  do {                                                                   \
    const auto& ok_r_ = (expr);                                          \
    ASSERT_TRUE(ok_r_.ok()) << #expr << ": " << ok_r_.error().Message(); \
  } while (0)

// A store in a fresh folder.
class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-storage-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    root_ = folder_ + "/store";
  }
  void TearDown() override {
    const Status removed = sys::RemoveTree(folder_);
    EXPECT_TRUE(removed.ok()) << removed.error().Message();
  }

  Store Open() const {
    Result<Store> store = Store::Open(root_);
    if (!store.ok()) ADD_FAILURE() << store.error().Message();
    return std::move(store).value();
  }
  size_t Count(const std::string& folder) const {
    const Result<sys::Fd> dir = sys::Open(root_ + "/" + folder, O_RDONLY | O_DIRECTORY);
    if (!dir.ok()) return 9999;
    return sys::ListDir(dir->get(), folder)->size();
  }
  static void Write(const std::string& path, const std::string& text) {
    const Status written = sys::WriteFileAtomic(path, text, 0600, sys::Durability::kNone);
    ASSERT_TRUE(written.ok()) << written.error().Message();
  }
  static struct stat Stat(const std::string& path) {
    struct stat st {};
    EXPECT_EQ(::lstat(path.c_str(), &st), 0) << path;
    return st;
  }

  std::string folder_, root_;
};

inline Result<Store::UnpackedLayer> Unpack(const Store& store, const Tar& tar) {
  const std::string bytes = tar.Bytes();
  const std::unique_ptr<archive::Source> source = archive::FromMemory(bytes);
  return store.UnpackLayer(*source, tar.Digest(), archive::UnpackOptions());
}

// `work` in a child process; its value is the exit status.
inline pid_t Fork(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  return pid;
}

inline int ExitOf(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// A private mount namespace, without privileges inside a user namespace that has only our id.
inline bool EnterMountNamespace() {
  const std::string uid = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string gid = "0 " + std::to_string(::getegid()) + " 1";
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    for (const auto& [file, text] : {std::pair<const char*, std::string>("setgroups", "deny"),
                                     {"uid_map", uid}, {"gid_map", gid}}) {
      const Result<sys::Fd> fd = sys::Open(std::string("/proc/self/") + file, O_WRONLY);
      if (!fd.ok() || !sys::WriteAll(fd->get(), text, file).ok()) return false;
    }
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// Runs `work` with a mount namespace of its own; skips where that is not allowed.
constexpr int kCannotMount = 77;
#define EXPECT_IN_MOUNT_NAMESPACE(work)                                                     \
  do {                                                                                      \
    const int exit_ = ExitOf(Fork([&]() -> int {                                            \
      return EnterMountNamespace() ? (work)() : kCannotMount;                               \
    }));                                                                                    \
    if (exit_ == kCannotMount) {                                                            \
      ASSERT_EQ(::getenv("CTOOL_TEST_MUST_WORK"), nullptr) << "can't mount";                \
      GTEST_SKIP() << "can't mount here";                                            \
    }                                                                                       \
    EXPECT_EQ(exit_, 0);                                                                    \
  } while (0)

}  // namespace ctool::storage
