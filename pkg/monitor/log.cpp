// SPDX-License-Identifier: Apache-2.0
#include "monitor/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {

Result<Log> Log::Open(const Config& config) {
  Log log;
  if (config.log_driver == "journald") log.journal_ = TRY(JournalLog::Open(config));
  if (config.log_driver == "journald" || config.log_path.empty()) return log;
  log.fd_ = TRY(sys::Open(config.log_path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
  log.path_ = config.log_path;
  log.max_bytes_ = config.log_max_size;
  log.size_ = TRY(sys::StatFd(log.fd_.get(), log.path_)).st_size;
  // Whoever wrote it last may have been killed in the middle of a line.
  char last = '\n';
  log.torn_ = log.size_ > 0 && ::pread(log.fd_.get(), &last, 1, log.size_ - 1) == 1 && last != '\n';
  return log;
}

// The older file stays beside the new one, so that at least max_bytes_ of the newest output can be read.
void Log::Rotate() {
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) < 0 && errno != ENOENT) {
    // The folder is closed to us: start over, as conmon does.
    if (::ftruncate(fd_.get(), 0) == 0) size_ = 0;
    return;
  }
  Result<sys::Fd> fresh = sys::Open(path_, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  if (!fresh.ok()) {
    Debug(fresh.error().Message());
    return;  // goes on in the renamed one
  }
  fd_ = std::move(fresh).value();
  size_ = 0;
}

void Log::Write() {
  torn_ = !sys::WriteAll(fd_.get(), lines_, path_).ok();
  if (!torn_) size_ += static_cast<int64_t>(lines_.size());
  lines_.clear();
}

void Log::Append(std::string_view stream, std::string_view chunk) {
  if (journal_.is_open()) journal_.Append(stream == "stderr", chunk);
  if (!fd_) return;
  const std::string head = Rfc3339Local(WallNanos()) + " " + std::string(stream) + " ";
  lines_.assign(torn_ ? "\n" : "");
  while (!chunk.empty()) {
    const size_t newline = chunk.find('\n');
    const bool full = newline != std::string_view::npos;
    const std::string_view text = chunk.substr(0, newline);
    const int64_t before = size_ + static_cast<int64_t>(lines_.size());
    constexpr size_t kTagAndNewline = 3;
    if (max_bytes_ > 0 && before > 0 && before + static_cast<int64_t>(head.size() + text.size() + kTagAndNewline) > max_bytes_) {
      if (!lines_.empty()) Write();
      Rotate();
    }
    lines_.append(head).append(full ? "F " : "P ").append(text).append("\n");
    chunk.remove_prefix(full ? newline + 1 : chunk.size());
  }
  Write();
}

}  // namespace ctool::monitor
