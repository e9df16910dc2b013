// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "base/result.hpp"
#include "storage/store.hpp"

namespace ctool::storage {

// Has what is being put into the store written to the disk meanwhile, so that Store::Sync finds little to wait for: while
// layers are unpacked the processors are busy and the disk is not. DESIGN.md has the measurement. From any thread.
class EarlySync {
 public:
  explicit EarlySync(const Store& store) : root_(store.root()) {}
  EarlySync(const EarlySync&) = delete;
  EarlySync& operator=(const EarlySync&) = delete;
  ~EarlySync() { (void)Finish(); }

  // So many more bytes were written.
  void Add(uint64_t bytes);
  // Waits for what is under way. An error of the disk that was met is told here, and only here: the kernel tells it once.
  Status Finish();

 private:
  void Work();

  const std::string root_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t waiting_ = 0;  // bytes since the last sync began
  bool ends_ = false;
  Status status_ = Ok();
  std::thread thread_;  // from the first sync on
};

}  // namespace ctool::storage
