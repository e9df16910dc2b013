// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/jobs_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

class Jobs {
 public:
  Jobs(size_t count, const std::function<Status(size_t)>& job, Interrupt* interrupt)
      : count_(count), job_(job), interrupt_(interrupt) {}

  // What each of the threads does.
  void Run() {
    while (interrupt_ == nullptr || !interrupt_->stopped()) {
      const size_t number = next_.fetch_add(1);
      if (number >= count_) return;
      Status done = job_(number);
      if (!done.ok()) Fail(std::move(done).error());
    }
  }

  Status Outcome() {
    if (interrupt_ != nullptr) TRY(interrupt_->Check());
    if (error_) return std::move(*error_);
    return Ok();
  }

 private:
  // The error is kept before the others are stopped: what that makes them say is not the cause.
  void Fail(Error error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!error_) error_ = std::move(error);
    next_ = count_;
    if (interrupt_ != nullptr) interrupt_->Stop();
  }

  const size_t count_;
  const std::function<Status(size_t)>& job_;
  Interrupt* const interrupt_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::optional<Error> error_;
};

}  // namespace

Status RunJobs(size_t count, size_t at_once, const std::function<Status(size_t)>& job, Interrupt* interrupt) {
  Jobs jobs(count, job, interrupt);
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min(at_once, count); ++i) {
    Result<std::thread> thread = sys::StartThread([&jobs] { jobs.Run(); });
    if (!thread.ok()) break;  // fewer at once, but all of them
    others.push_back(std::move(*thread));
  }
  jobs.Run();
  for (std::thread& thread : others) thread.join();
  return jobs.Outcome();
}

}  // namespace ctool::engine
