// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "registry/client.hpp"

namespace ctool::engine {

// Bytes a second over the last few seconds.
class RateMeter {
 public:
  // `bytes` so far, at `now` (monotonic ns).
  void Add(int64_t now, int64_t bytes);
  double BytesPerSecond() const;  // 0 while nothing is known

 private:
  std::deque<std::pair<int64_t, int64_t>> samples_;
};

// "0:07", "1:02:03"; "" when nobody can say.
std::string TimeLeft(int64_t bytes, double bytes_per_second);

// What a pull tells the user on stderr: lines as podman writes them and, on a terminal, one bar for
// each transfer under way and one for all of them, with the rate and the time left. A line that is finished scrolls up
// and stays; only the bars are redrawn, so the display needs one row more than there are transfers at once. Thread safe.
class PullProgress {
 public:
  enum class Style { kQuiet, kLines, kBars };
  // kBars when `fd` is a terminal that can move its cursor, else kLines.
  static Style StyleFor(int fd, bool quiet);

  explicit PullProgress(Style style, int fd = 2);
  ~PullProgress();  // takes the bars away
  PullProgress(const PullProgress&) = delete;
  PullProgress& operator=(const PullProgress&) = delete;

  // One line; control characters are escaped.
  void Line(std::string_view text);

  // So many bytes more are to come, in all transfers together.
  void Expect(int64_t bytes);

  // One transfer. When it goes, so does its bar.
  class Transfer {
   public:
    ~Transfer();
    registry::Progress* counter() { return &counter_; }
    // Leaves the line "WHAT DIGEST done", or another word.
    void Finish(std::string_view word = "done");

   private:
    friend class PullProgress;
    Transfer(PullProgress& owner, std::string what, const spec::Digest& digest, int64_t size);
    PullProgress& owner_;
    std::string what_, digest_;
    int64_t size_;
    registry::Progress counter_;
  };
  // `what` is "Copying blob" or "Copying config"; size 0 shows no bar.
  std::unique_ptr<Transfer> Begin(std::string what, const spec::Digest& digest, int64_t size);

 private:
  std::string Erased();  // what takes the bars away
  std::string Drawn();   // what draws them; these and Write with mutex_ held
  void Write(std::string_view text);
  int64_t Received() const;  // by all transfers
  std::string Total(size_t columns);

  const Style style_;
  const int fd_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::vector<Transfer*> transfers_;
  size_t drawn_ = 0;  // rows of bars on the screen
  int64_t expected_ = 0, finished_ = 0;  // bytes: of all transfers, of those that are gone
  RateMeter rate_;
  std::thread ticker_;
};

}  // namespace ctool::engine
