// SPDX-License-Identifier: Apache-2.0
#include "storage/early_sync.hpp"

#include <thread>
#include <vector>

#include "fixture.hpp"

namespace ctool::storage {
namespace {

constexpr uint64_t kMuch = 200 << 20;

// A sync that is tried fails: the store is gone.
TEST_F(StoreTest, EarlySyncIsForMuch) {
  const Store store = Open();
  ASSERT_TRUE(sys::RemoveTree(root_).ok());
  const auto fails = [&](uint64_t bytes, useconds_t wait) {
    EarlySync sync(store);
    sync.Add(bytes);
    ::usleep(wait);
    return !sync.Finish().ok();
  };
  bool failed = false;
  // One that has not begun when all is done is left to Store::Sync.
  for (useconds_t wait = 1000; !failed && wait < 4'000'000; wait *= 2) failed = fails(kMuch, wait);
  EXPECT_TRUE(failed);
  EXPECT_FALSE(fails(1000, 100'000));
}

TEST_F(StoreTest, EarlySyncFromManyThreads) {
  EarlySync sync(Open());
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) sync.Add(kMuch / 40);
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_TRUE(sync.Finish().ok());
  EXPECT_TRUE(sync.Finish().ok());  // nothing is left to wait for
}

}  // namespace
}  // namespace ctool::storage
