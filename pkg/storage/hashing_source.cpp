// SPDX-License-Identifier: Apache-2.0
#include "storage/hashing_source_internal.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include "digest/sha256.hpp"

namespace ctool::storage {
namespace {

constexpr size_t kBlockBytes = 256 << 10;
constexpr size_t kBlocks = 4;

bool HasSecondCpu() {
  cpu_set_t ours;
  return ::sched_getaffinity(0, sizeof ours, &ours) == 0 && CPU_COUNT(&ours) > 1;
}

}  // namespace

// A ring of blocks: the reader fills one while the thread hashes the ones before it.
class HashingSource::Worker {
 public:
  Worker(std::string_view algorithm, Where where) : hasher_(algorithm) {
    if (where == Where::kInRead || (where == Where::kAuto && !HasSecondCpu())) return;
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error&) {
      return;  // no thread to be had
    }
    for (std::string& block : blocks_) block.reserve(kBlockBytes);
  }

  ~Worker() { Join(); }

  void Add(std::string_view bytes) {
    if (!thread_.joinable()) {
      hasher_.Update(bytes);
      return;
    }
    while (!bytes.empty()) {
      std::string& block = blocks_[filled_ % kBlocks];
      const size_t n = std::min(bytes.size(), kBlockBytes - block.size());
      block.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      if (block.size() == kBlockBytes) Pass();
    }
  }

  spec::Digest Finish() {
    if (thread_.joinable()) {
      if (!blocks_[filled_ % kBlocks].empty()) Pass();
      Join();
    }
    return hasher_.Finish();
  }

 private:
  // Gives the block at filled_ to the thread, and waits until the next one is free.
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++filled_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return filled_ - hashed_ < kBlocks; });
  }

  void Join() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return hashed_ < filled_ || ended_; });
      if (hashed_ == filled_) return;
      std::string& block = blocks_[hashed_ % kBlocks];
      lock.unlock();
      hasher_.Update(block);
      block.clear();
      lock.lock();
      ++hashed_;
      changed_.notify_all();
    }
  }

  digest::Hasher hasher_;  // the thread's while there is one
  std::array<std::string, kBlocks> blocks_;
  size_t filled_ = 0, hashed_ = 0;  // blocks passed on, blocks done
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

HashingSource::HashingSource(archive::Source& in, std::string_view algorithm, Where where)
    : in_(in), worker_(std::make_unique<Worker>(algorithm, where)) {}
HashingSource::~HashingSource() = default;

Result<size_t> HashingSource::Read(std::span<char> into) {
  const size_t n = TRY(in_.Read(into));
  worker_->Add({into.data(), n});
  count_ += static_cast<int64_t>(n);
  return n;
}

spec::Digest HashingSource::Finish() { return worker_->Finish(); }

}  // namespace ctool::storage
