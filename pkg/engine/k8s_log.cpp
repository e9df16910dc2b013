// SPDX-License-Identifier: Apache-2.0
#include "engine/k8s_log.hpp"

#include <cstring>

#include "base/text.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kBuffer = 256 << 10;

bool LooksLikeTime(std::string_view t) {
  constexpr size_t kShortest = sizeof "2006-01-02T15:04:05Z" - 1, kLongest = 40;
  if (t.size() < kShortest || t.size() > kLongest) return false;
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = t[i] >= '0' && t[i] <= '9';
    if (kShape[i] == 'd' ? !digit : t[i] != kShape[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<LogEntry> ParseLogLine(std::string_view line) {
  LogEntry entry;
  const size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !LooksLikeTime(line.substr(0, blank))) return std::nullopt;
  entry.time = line.substr(0, blank);
  std::string_view rest = line.substr(blank + 1);
  constexpr std::string_view kOut = "stdout ", kErr = "stderr ";
  if (StartsWith(rest, kErr)) entry.is_stderr = true;
  else if (!StartsWith(rest, kOut)) return std::nullopt;
  rest.remove_prefix(kOut.size());
  // A tag, perhaps with more of them behind a colon, and a blank.
  const size_t tag = rest.find(' ');
  const std::string_view kind = rest.substr(0, tag);
  if (kind.empty() || (kind[0] != 'F' && kind[0] != 'P') || (kind.size() > 1 && kind[1] != ':')) return std::nullopt;
  entry.partial = kind[0] == 'P';
  if (tag != std::string_view::npos) entry.text = rest.substr(tag + 1);
  return entry;
}

char* LineCutter::Space(size_t& size) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  if (end_ >= kMaxLine) {
    skipping_ = true;
    position_ += end_;
    end_ = searched_ = 0;
  }
  if (buffer_.size() < kBuffer) buffer_.resize(kBuffer);
  if (end_ > buffer_.size() / 2) buffer_.resize(buffer_.size() * 2);
  size = buffer_.size() - end_;
  return buffer_.data() + end_;
}

void LineCutter::Filled(size_t size) { end_ += size; }

std::optional<std::string_view> LineCutter::Next() {
  for (;;) {
    const void* found = end_ == searched_ ? nullptr : std::memchr(buffer_.data() + searched_, '\n', end_ - searched_);
    if (found == nullptr) {
      searched_ = end_;
      return std::nullopt;
    }
    const size_t newline = static_cast<size_t>(static_cast<const char*>(found) - buffer_.data());
    const std::string_view line(buffer_.data() + begin_, newline - begin_);
    position_ += line.size() + 1;
    begin_ = searched_ = newline + 1;
    if (!skipping_) return line;
    skipping_ = false;
  }
}

std::string_view LineCutter::Rest() const {
  return skipping_ ? std::string_view() : std::string_view(buffer_.data() + begin_, end_ - begin_);
}

}  // namespace ctool::engine
