// SPDX-License-Identifier: Apache-2.0
#include "network/shared.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "sys/file.hpp"

namespace ctool::network {
namespace {

class SharedTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "ctool-shared-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_.path = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_.path); }

  sys::Fd Keep() {
    Result<sys::Fd> alive = MakeAlive(folder_);
    EXPECT_TRUE(alive.ok());
    EXPECT_TRUE(sys::WriteFileAtomic(folder_.Status(), "1 1\n", 0600, sys::Durability::kNone).ok());
    return std::move(alive).value();
  }
  sys::Fd Use() {
    Result<sys::Fd> alive = sys::Open(folder_.Alive(), O_WRONLY | O_NONBLOCK);
    EXPECT_TRUE(alive.ok());
    return std::move(alive).value();
  }
  bool IsThere() const { return sys::Exists(folder_.Alive()) && sys::Exists(folder_.Status()); }

  SharedFolder folder_;
};

TEST_F(SharedTest, TheLastTakesItAway) {
  const sys::Fd keeper = Keep();
  sys::Fd one = Use(), other = Use();
  one.Reset();
  EXPECT_FALSE(LeaveLast(folder_));
  EXPECT_TRUE(IsThere());
  EXPECT_TRUE(SomebodyUses(keeper.get()));
  other.Reset();
  EXPECT_TRUE(LeaveLast(folder_));
  EXPECT_FALSE(IsThere());
  EXPECT_FALSE(SomebodyUses(keeper.get()));
  EXPECT_FALSE(LeaveLast(folder_));  // there is nothing any more
}

TEST_F(SharedTest, AKeeperThatEndsLeavesWhatIsNew) {
  const sys::Fd before = Keep();
  { const sys::Fd member = Use(); }
  ASSERT_TRUE(LeaveLast(folder_));
  const sys::Fd now = Keep();
  const sys::Fd member = Use();
  RemoveShared(folder_, before.get());
  EXPECT_TRUE(IsThere());
  RemoveShared(folder_, now.get());
  EXPECT_FALSE(IsThere());
}

}  // namespace
}  // namespace ctool::network
