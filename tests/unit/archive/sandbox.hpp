// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sched.h>
#include <sstream>
#include <string>
#include <string_view>

#include "archive/stream.hpp"
#include "archive/unpack.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::archive::test {

namespace fs = std::filesystem;

inline std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void Spill(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Everything that can be seen of a tree, a line for each name.
inline std::string Describe(const std::string& root) {
  std::vector<std::string> lines;
  const auto add = [&](const fs::path& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) < 0) return;
    std::ostringstream line;
    line << path.lexically_relative(root).string() << ' ' << std::oct << st.st_mode << std::dec << ' '
         << st.st_uid << ':' << st.st_gid << ' ' << st.st_nlink << ' ' << st.st_mtim.tv_sec << '.'
         << st.st_mtim.tv_nsec;
    if (S_ISREG(st.st_mode)) line << ' ' << st.st_size << ' ' << std::hash<std::string>()(Slurp(path));
    if (S_ISLNK(st.st_mode)) line << " -> " << fs::read_symlink(path).string();
    lines.push_back(line.str());
  };
  add(root);
  std::error_code ignored;
  for (auto it = fs::recursive_directory_iterator(root, ignored);
       it != fs::recursive_directory_iterator(); it.increment(ignored))
    add(it->path());
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

// A directory to unpack into, beside one that nothing may touch.
class Sandbox {
 public:
  Sandbox() {
    std::string pattern = testing::TempDir() + "ctool-unpack-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    fs::create_directories(base_ + "/dest");
    fs::create_directories(base_ + "/canary/victim");
    Spill(base_ + "/canary/secret", "secret");
    Spill(base_ + "/canary/victim/f", "victim");
    canary_before_ = Describe(base_ + "/canary");
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() { EXPECT_TRUE(sys::RemoveTree(base_).ok()); }

  std::string canary() const { return base_ + "/canary"; }
  std::string dest() const { return base_ + "/dest"; }
  std::string operator/(const std::string& inner) const { return dest() + "/" + inner; }
  bool CanaryUnchanged() const {
    return Describe(base_ + "/canary") == canary_before_ &&
           std::distance(fs::directory_iterator(base_), fs::directory_iterator()) == 2;
  }

  // As the storage module does it; an unprivileged run of the tests can't chown.
  static UnpackOptions Options() {
    UnpackOptions options;
    options.ignore_chown_errors = ::geteuid() != 0;
    return options;
  }
  Result<UnpackStats> Unpack(std::string_view tar, const UnpackOptions& options = Options()) const {
    const std::unique_ptr<Source> source = FromMemory(tar);
    const sys::Root root = TRY(sys::Root::Open(dest()));
    return archive::Unpack(*source, root, options);
  }

  struct stat Stat(const std::string& inner) const {
    struct stat st {};
    EXPECT_EQ(::lstat((*this / inner).c_str(), &st), 0) << inner;
    return st;
  }
  bool Has(const std::string& inner) const {
    struct stat st {};
    return ::lstat((*this / inner).c_str(), &st) == 0;
  }
  bool IsWhiteout(const std::string& inner) const {
    struct stat st {};
    return ::lstat((*this / inner).c_str(), &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0;
  }
  // "" when there is none.
  std::string Xattr(const std::string& inner, const char* name) const {
    char value[256];
    const ssize_t n = ::lgetxattr((*this / inner).c_str(), name, value, sizeof value);
    return n < 0 ? "" : std::string(value, static_cast<size_t>(n));
  }
  bool IsOpaque(const std::string& inner) const { return Xattr(inner, "user.overlay.opaque") == "y"; }

 private:
  std::string base_, canary_before_;
};

// Runs `body` as the root of a new user namespace that has only this one id, as a user without
// subordinate ids has it; returns what it returns.
inline std::string InSingleIdNamespace(const std::function<std::string()>& body) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const std::string uid_map = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string gid_map = "0 " + std::to_string(::getegid()) + " 1";
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::string text = "no user namespace";
    if (::unshare(CLONE_NEWUSER) == 0) {
      Spill("/proc/self/setgroups", "deny");
      Spill("/proc/self/uid_map", uid_map);
      Spill("/proc/self/gid_map", gid_map);
      text = body();
    }
    const ssize_t n = ::write(ends[1], text.data(), text.size());
    ::_exit(n == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  const Result<std::string> text = sys::ReadAll(ends[0], "child", 1 << 20);
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  return text.ok() ? *text : text.error().Message();
}

// A source that gives little at a time, as a network does.
class Trickle final : public Source {
 public:
  Trickle(std::string_view bytes, size_t step) : left_(bytes), step_(step) {}
  Result<size_t> Read(std::span<char> into) override {
    const size_t n = std::min({into.size(), left_.size(), step_});
    left_.copy(into.data(), n);
    left_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view left_;
  size_t step_;
};

inline Result<std::string> ReadToEnd(Source& source, size_t chunk = 65536) {
  std::string all, buffer(chunk, '\0');
  for (;;) {
    const size_t n = TRY(source.Read(buffer));
    if (n == 0) return all;
    all.append(buffer, 0, n);
  }
}

}  // namespace ctool::archive::test
