// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "state/store.hpp"
#include "sys/file.hpp"

namespace ctool::state {

inline std::string Id(char digit) { return std::string(64, digit); }
inline std::string DiffId(char digit) { return "sha256:" + Id(digit); }

inline Container MakeContainer(const std::string& id, const std::string& name) {
  Container c;
  c.id = id;
  c.name = name;
  c.spec = R"({"asked":"for"})";
  c.labels = "{}";
  return c;
}

inline Image MakeImage(const std::string& id, const std::string& name) {
  Image image;
  image.id = id;
  image.config = "{}";
  image.manifest_digest = "sha256:" + std::string(64, 'e');
  if (!name.empty()) image.names = {name};
  return image;
}

// A database in a fresh folder.
class StateTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-state-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/ctool.db";
  }
  void TearDown() override {
    const Status removed = sys::RemoveTree(folder_);
    EXPECT_TRUE(removed.ok()) << removed.error().Message();
  }

  Database Open() {
    Result<Database> db = Database::Open(path_);
    if (!db.ok()) ADD_FAILURE() << db.error().Message();
    return std::move(db).value();
  }

  std::string folder_, path_;
};

// `work` in a child process; its value is the exit status.
inline pid_t Fork(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  return pid;
}

inline int WaitFor(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

#define ASSERT_OK(expr)                                             \
  do {                                                              \
    const auto& ok_r_ = (expr);                                     \
    ASSERT_TRUE(ok_r_.ok()) << #expr << ": " << ok_r_.error().Message(); \
  } while (0)

}  // namespace ctool::state
