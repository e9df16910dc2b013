// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "engine/log_source_internal.hpp"
#include "engine/log_tail_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

Result<std::unique_ptr<LogSource>> FileSource::Open(const std::string& path, int64_t tail) {
  std::unique_ptr<FileSource> source(new FileSource(path));
  TRY(source->file_.Open());
  if (tail >= 0) TRY(source->SkipToTail(tail));
  return std::unique_ptr<LogSource>(std::move(source));
}

Status FileSource::SkipToTail(int64_t tail) {
  std::deque<sys::Fd>& parts = file_.parts();
  from_ = TRY(FindTail(parts, tail));
  const uint64_t from = std::min(from_[0], from_[1]);
  uint64_t begin = 0;
  while (!parts.empty()) {
    const uint64_t size = static_cast<uint64_t>(TRY(sys::StatFd(parts.front().get(), "the log")).st_size);
    // The last one is kept in any case: it is the one that grows.
    if (parts.size() > 1 && begin + size <= from) {
      begin += size;
      parts.pop_front();
      continue;
    }
    if (::lseek(parts.front().get(), static_cast<off_t>(from - begin), SEEK_SET) < 0)
      return Error::Sys(errno, "seek", "the log");
    break;
  }
  lines_.set_position(from);
  return Ok();
}

Result<bool> FileSource::Read(const EntrySink& sink) {
  for (;;) {
    size_t size = 0;
    char* space = lines_.Space(size);
    const size_t n = TRY(file_.Read(space, size));
    if (n == 0) return true;
    lines_.Filled(n);
    for (uint64_t begin = lines_.position();; begin = lines_.position()) {
      const std::optional<std::string_view> line = lines_.Next();
      if (!line) break;
      const std::optional<LogEntry> entry = ParseLogLine(*line);
      if (entry && begin >= from_[entry->is_stderr] && !sink(*entry)) return false;
    }
  }
}

Result<bool> FileSource::ReadToEnd(const EntrySink& sink) {
  if (!TRY(Read(sink))) return false;
  // Its writer was killed, or the disk was full.
  std::optional<LogEntry> torn = ParseLogLine(lines_.Rest());
  if (!torn) return true;
  torn->partial = true;
  return sink(*torn);
}

}  // namespace ctool::engine
