// SPDX-License-Identifier: Apache-2.0
#include "engine/log_tail_internal.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/k8s_log.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// The lines of a file from its end.
class BackwardLines {
 public:
  struct Line {
    std::string_view text;
    uint64_t position;
  };
  BackwardLines(int fd, uint64_t size) : fd_(fd), below_(size) {}

  // The line before; nothing at the beginning of the file. Valid until the next call.
  Result<std::optional<Line>> Previous() {
    for (;;) {
      if (end_ == 0 && below_ == 0) return std::optional<Line>();
      const size_t text_end = end_ > 0 && data_[end_ - 1] == '\n' ? end_ - 1 : end_;
      const size_t newline = text_end == 0 ? std::string::npos : data_.rfind('\n', text_end - 1);
      if (newline != std::string::npos || below_ == 0) {
        const size_t begin = newline == std::string::npos ? 0 : newline + 1;
        end_ = begin;
        return std::optional(Line{std::string_view(data_).substr(begin, text_end - begin), below_ + begin});
      }
      if (end_ > LineCutter::kMaxLine) end_ = 0;  // no log has such lines
      TRY(ReadMore());
    }
  }

 private:
  Status ReadMore() {
    constexpr uint64_t kBlock = 64 << 10;
    const size_t size = static_cast<size_t>(std::min(kBlock, below_));
    std::string block(size, '\0');
    for (size_t done = 0; done < size;) {
      const ssize_t n = ::pread(fd_, block.data() + done, size - done, static_cast<off_t>(below_ - size + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error::Sys(errno, "read", "the log");
      if (n == 0) return Error(Code::kIo, "the log became shorter while it was read");
      done += static_cast<size_t>(n);
    }
    data_ = block.append(data_, 0, end_);
    end_ += size;
    below_ -= size;
    return Ok();
  }

  int fd_;
  uint64_t below_;  // of the file: not read yet
  std::string data_;
  size_t end_ = 0;  // of data_: not given out yet
};

// Goes through the entries from the last to the first.
class TailCounter {
 public:
  TailCounter(int64_t wanted, uint64_t end) : from_{end, end}, wanted_(wanted) {}

  // False: nothing before this one matters.
  bool Add(const LogEntry& entry, uint64_t position) {
    Stream& stream = streams_[entry.is_stderr];
    const bool ends_line = !entry.partial || !stream.seen;
    stream.seen = true;
    if (!stream.closed) {
      if (ends_line && count_ == wanted_) stream.closed = true;
      else from_[entry.is_stderr] = position;
      if (ends_line && !stream.closed) ++count_;
      stream.has_lines = !stream.closed || stream.has_lines;
    }
    if (count_ < wanted_) return true;
    // The first line of a stream may have begun earlier. Another program would have had to write a lot in between.
    constexpr uint64_t kLookBack = 1 << 20;
    if (enough_at_ == 0) enough_at_ = position;
    const auto is_settled = [](const Stream& s) { return s.closed || !s.has_lines; };
    return enough_at_ - position < kLookBack && !(is_settled(streams_[0]) && is_settled(streams_[1]));
  }
  std::array<uint64_t, 2> from() const { return from_; }

 private:
  struct Stream {
    bool seen = false, closed = false, has_lines = false;
  };
  std::array<Stream, 2> streams_;
  std::array<uint64_t, 2> from_;
  int64_t wanted_, count_ = 0;
  uint64_t enough_at_ = 0;
};

}  // namespace

Result<std::array<uint64_t, 2>> FindTail(const std::deque<sys::Fd>& parts, int64_t lines) {
  std::vector<uint64_t> begins = {0};
  for (const sys::Fd& part : parts)
    begins.push_back(begins.back() + static_cast<uint64_t>(TRY(sys::StatFd(part.get(), "the log")).st_size));
  TailCounter counter(lines, begins.back());
  if (lines <= 0) return counter.from();
  for (size_t i = parts.size(); i-- > 0;) {
    BackwardLines backward(parts[i].get(), begins[i + 1] - begins[i]);
    while (const std::optional<BackwardLines::Line> line = TRY(backward.Previous())) {
      const std::optional<LogEntry> entry = ParseLogLine(line->text);
      if (entry && !counter.Add(*entry, begins[i] + line->position)) return counter.from();
    }
  }
  return counter.from();
}

}  // namespace ctool::engine
