// SPDX-License-Identifier: Apache-2.0
#include "monitor/log.hpp"

#include <fcntl.h>

#include "base/clock.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {

Result<Log> Log::Open(const std::string& path, int64_t max_bytes) {
  Log log;
  if (path.empty()) return log;
  log.fd_ = TRY(sys::Open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
  log.path_ = path;
  log.max_bytes_ = max_bytes;
  log.size_ = TRY(sys::StatFd(log.fd_.get(), path)).st_size;
  return log;
}

void Log::Append(std::string_view stream, std::string_view chunk) {
  if (!fd_) return;
  const std::string head = Rfc3339Local(WallNanos()) + " " + std::string(stream) + " ";
  lines_.clear();
  while (!chunk.empty()) {
    const size_t newline = chunk.find('\n');
    const bool full = newline != std::string_view::npos;
    lines_.append(head).append(full ? "F " : "P ").append(chunk.substr(0, newline)).append("\n");
    chunk.remove_prefix(full ? newline + 1 : chunk.size());
  }
  if (max_bytes_ > 0 && size_ + static_cast<int64_t>(lines_.size()) > max_bytes_) {
    // Starts over, as conmon does: the newest output is what is asked for.
    if (::ftruncate(fd_.get(), 0) == 0) size_ = 0;
  }
  if (sys::WriteAll(fd_.get(), lines_, path_).ok()) size_ += static_cast<int64_t>(lines_.size());
}

}  // namespace ctool::monitor
