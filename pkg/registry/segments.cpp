// SPDX-License-Identifier: Apache-2.0
//
// A blob over several connections: each fetches a segment at a time into memory, and the caller gets the segments in
// order. Who is ahead waits, so that a few segments are all that is ever kept.
#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "registry/blob_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::registry {
namespace {

constexpr int kConnections = 4;
// Segments that may be under way or waiting for an earlier one.
constexpr int64_t kWindow = kConnections + 1;

class Segments {
 public:
  Segments(Transport& transport, const spec::Descriptor& blob, Extent wanted, Progress* progress)
      : transport_(transport), blob_(blob), wanted_(wanted), progress_(progress) {}

  // A connection's thread: segments until there are no more.
  void Fetch() {
    for (;;) {
      const std::optional<int64_t> number = Next();
      if (!number) return;
      std::string bytes;
      const Extent extent = ExtentOf(*number);
      bytes.reserve(static_cast<size_t>(extent.end - extent.begin));
      Status got = FetchExtent(transport_, blob_, extent, [&](std::string_view chunk) { return Keep(bytes, chunk); }, progress_);
      const std::lock_guard<std::mutex> lock(mutex_);
      if (got.ok()) ready_.emplace(*number, std::move(bytes));
      else if (!error_) error_ = std::move(got).error();
      changed_.notify_all();
    }
  }

  // The caller's thread: everything, in order.
  Status Deliver(const Client::Sink& sink) {
    for (int64_t number = 0; ExtentOf(number).begin < wanted_.end; ++number) {
      const std::string bytes = TRY(Take(number));
      TRY(sink(bytes));
      const std::lock_guard<std::mutex> lock(mutex_);
      delivered_ = number + 1;
      changed_.notify_all();
    }
    return Ok();
  }

  void Stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  Extent ExtentOf(int64_t number) const {
    const int64_t length = transport_.options().segment_bytes, begin = wanted_.begin + number * length;
    return {begin, std::min(begin + length, wanted_.end)};
  }

  std::optional<int64_t> Next() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return Over() || next_ < delivered_ + kWindow; });
    if (Over()) return std::nullopt;
    return next_++;
  }
  bool Over() const { return stopped_ || error_ || ExtentOf(next_).begin >= wanted_.end; }

  Status Keep(std::string& bytes, std::string_view chunk) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopped_ || error_) return Error(Code::kIo, "stopped");
    }
    bytes += chunk;
    return Ok();
  }

  Result<std::string> Take(int64_t number) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return error_ || ready_.count(number) != 0; });
    if (ready_.count(number) == 0) return *error_;
    return std::move(ready_.extract(number).mapped());
  }

  Transport& transport_;
  const spec::Descriptor& blob_;
  const Extent wanted_;
  Progress* const progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, std::string> ready_;
  int64_t next_ = 0, delivered_ = 0;
  bool stopped_ = false;
  std::optional<Error> error_;
};

}  // namespace

Status FetchSegments(Transport& transport, const spec::Descriptor& blob, Extent wanted, const Client::Sink& sink,
                     Progress* progress) {
  Segments segments(transport, blob, wanted, progress);
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) {
    Result<std::thread> thread = sys::StartThread([&segments] { segments.Fetch(); });
    if (!thread.ok()) break;  // fewer at once
    threads.push_back(std::move(*thread));
  }
  const Status delivered = threads.empty() ? FetchExtent(transport, blob, wanted, sink, progress) : segments.Deliver(sink);
  segments.Stop();
  for (std::thread& thread : threads) thread.join();
  return delivered;
}

}  // namespace ctool::registry
