// SPDX-License-Identifier: Apache-2.0
#include "storage/early_sync.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.hpp"
#include "sys/file.hpp"
#include "sys/thread.hpp"

namespace ctool::storage {
namespace {

// Small images are done before it is worth a thread; each sync has the file system write its journal.
constexpr uint64_t kBatch = 128 << 20;

Status SyncAll(const std::string& root) {
  const sys::Fd folder = TRY(sys::Open(root, O_RDONLY | O_DIRECTORY));
  return ::syncfs(folder.get()) < 0 ? Status(Error::Sys(errno, "syncfs", root)) : Ok();
}

}  // namespace

void EarlySync::Add(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  waiting_ += bytes;
  if (waiting_ < kBatch || ends_) return;
  if (thread_.joinable()) return changed_.notify_one();
  Result<std::thread> thread = sys::StartThread([this] { Work(); });
  if (thread.ok()) {
    thread_ = std::move(*thread);
  } else {
    ends_ = true;  // the sync at the end does it all
    Debug(thread.error().Message());
  }
}

void EarlySync::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || waiting_ >= kBatch; });
    if (ends_) return;
    waiting_ = 0;
    lock.unlock();
    Status synced = SyncAll(root_);
    lock.lock();
    if (!synced.ok() && status_.ok()) status_ = std::move(synced);
  }
}

Status EarlySync::Finish() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  return status_;
}

}  // namespace ctool::storage
