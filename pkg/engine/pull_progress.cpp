// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_progress_internal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace ctool::engine {
namespace {

constexpr std::chrono::milliseconds kTick(100);
constexpr size_t kShortDigest = 12;

std::string Mebibytes(int64_t bytes) {
  return fmt::format("{:.1f}MiB", static_cast<double>(bytes) / (1 << 20));
}

size_t Columns(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string Short(const std::string& digest) {
  return digest.substr(digest.find(':') + 1, kShortDigest);
}

std::string Bar(const std::string& name, int64_t received, int64_t size, const std::string& end, size_t columns) {
  const std::string head = name + " ", tail = fmt::format(" {} / {}", Mebibytes(received), Mebibytes(size)) + end;
  // One column stays free: a terminal may wrap when the last is written.
  if (columns < head.size() + tail.size() + 8) return (head + tail).substr(0, columns - 1);
  const size_t width = std::min<size_t>(columns - head.size() - tail.size() - 3, 40);
  const size_t full =
      size == 0 ? 0 : static_cast<size_t>(static_cast<double>(received) / static_cast<double>(size) * static_cast<double>(width));
  std::string bar(full, '=');
  if (full < width) bar += '>';
  bar.resize(width, '-');
  return head + "[" + bar + "]" + tail;
}

}  // namespace

void RateMeter::Add(int64_t now, int64_t bytes) {
  constexpr int64_t kWindowNanos = 5'000'000'000;
  samples_.emplace_back(now, bytes);
  while (samples_.size() > 2 && now - samples_.front().first > kWindowNanos) samples_.pop_front();
}

double RateMeter::BytesPerSecond() const {
  if (samples_.size() < 2 || samples_.back().first == samples_.front().first) return 0;
  return static_cast<double>(samples_.back().second - samples_.front().second) * 1e9 /
         static_cast<double>(samples_.back().first - samples_.front().first);
}

std::string TimeLeft(int64_t bytes, double bytes_per_second) {
  constexpr double kMost = 100 * 3600;
  if (bytes_per_second <= 0 || static_cast<double>(bytes) > kMost * bytes_per_second) return "";
  const auto seconds = static_cast<int64_t>(static_cast<double>(bytes) / bytes_per_second + 0.5);
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

PullProgress::Style PullProgress::StyleFor(int fd, bool quiet) {
  if (quiet) return Style::kQuiet;
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return ::isatty(fd) == 1 && !dumb ? Style::kBars : Style::kLines;
}

PullProgress::PullProgress(Style style, int fd) : style_(style), fd_(fd) {
  if (style_ != Style::kBars) return;
  try {
    ticker_ = std::thread([this] {
      std::unique_lock<std::mutex> lock(mutex_);
      while (!ended_.wait_for(lock, kTick, [this] { return end_; })) {
        const std::string erased = Erased();
        Write(erased + Drawn());
      }
    });
  } catch (const std::system_error&) {
    // No thread to be had: the bars move only when something begins or ends.
  }
}

PullProgress::~PullProgress() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    end_ = true;
    Write(Erased());
  }
  ended_.notify_all();
  if (ticker_.joinable()) ticker_.join();
}

void PullProgress::Write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody reads it: no reason to stop the pull
    text.remove_prefix(static_cast<size_t>(n));
  }
}

// Control sequences and rows are put together and written at once: nothing flickers.
std::string PullProgress::Erased() {
  if (drawn_ == 0) return "";
  return fmt::format("\r\x1b[{}A\x1b[J", std::exchange(drawn_, 0));
}

int64_t PullProgress::Received() const {
  int64_t received = finished_;
  for (const Transfer* transfer : transfers_) received += transfer->counter_.received.load();
  return received;
}

std::string PullProgress::Total(size_t columns) {
  const int64_t received = std::min(Received(), expected_);
  rate_.Add(MonotonicNanos(), received);
  const double rate = rate_.BytesPerSecond();
  std::string tail = fmt::format(" {}/s", Mebibytes(static_cast<int64_t>(rate)));
  const std::string left = TimeLeft(expected_ - received, rate);
  if (!left.empty()) tail += " " + left + " left";
  return Bar("Total", received, expected_, tail, columns);
}

std::string PullProgress::Drawn() {
  std::string rows;
  if (style_ != Style::kBars || end_) return rows;
  const size_t columns = std::max<size_t>(Columns(fd_), 2);
  for (const Transfer* transfer : transfers_) {
    if (transfer->size_ == 0) continue;
    const int64_t received = std::clamp<int64_t>(transfer->counter_.received.load(), 0, transfer->size_);
    rows += Bar(transfer->what_ + " " + Short(transfer->digest_), received, transfer->size_, "", columns) + "\n";
    ++drawn_;
  }
  if (drawn_ == 0 || expected_ == 0) return rows;
  rows += Total(columns) + "\n";
  ++drawn_;
  return rows;
}

void PullProgress::Expect(int64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  expected_ += bytes;
}

void PullProgress::Line(std::string_view text) {
  if (style_ == Style::kQuiet) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string erased = Erased();
  Write(erased + Printable(text) + "\n" + Drawn());
}

PullProgress::Transfer::Transfer(PullProgress& owner, std::string what, const spec::Digest& digest,
                                 int64_t size)
    : owner_(owner), what_(std::move(what)), digest_(digest.str()), size_(size) {}

std::unique_ptr<PullProgress::Transfer> PullProgress::Begin(std::string what,
                                                            const spec::Digest& digest,
                                                            int64_t size) {
  std::unique_ptr<Transfer> transfer(new Transfer(*this, std::move(what), digest, size));
  const std::lock_guard<std::mutex> lock(mutex_);
  transfers_.push_back(transfer.get());
  return transfer;
}

PullProgress::Transfer::~Transfer() {
  const std::lock_guard<std::mutex> lock(owner_.mutex_);
  owner_.finished_ += counter_.received;
  owner_.transfers_.erase(
      std::remove(owner_.transfers_.begin(), owner_.transfers_.end(), this),
      owner_.transfers_.end());
}

void PullProgress::Transfer::Finish(std::string_view word) {
  {
    const std::lock_guard<std::mutex> lock(owner_.mutex_);
    size_ = 0;  // no bar any more
  }
  const std::string name = owner_.style_ == Style::kBars ? Short(digest_) : digest_;
  owner_.Line(what_ + " " + name + " " + std::string(word));
}

}  // namespace ctool::engine
