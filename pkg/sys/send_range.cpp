// SPDX-License-Identifier: Apache-2.0
#include "sys/send_range.hpp"

#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "sys/file.hpp"

namespace ctool::sys {
namespace {

constexpr int64_t kPiece = 16 << 20;      // of one system call: who waits for news hears of each
constexpr size_t kBufferBytes = 256 << 10;

enum class Way { kCopy, kSend, kMemory };

// These descriptors (or file systems) don't do that.
bool IsUnfit(int err) {
  return err == EINVAL || err == EXDEV || err == ENOSYS || err == EOPNOTSUPP || err == EBADF || err == EPERM;
}

Result<int64_t> ThroughMemory(int in, int64_t offset, int64_t size, int out, std::string_view what, std::string& buffer) {
  buffer.resize(kBufferBytes);
  const ssize_t n = ::pread(in, buffer.data(), std::min<size_t>(kBufferBytes, static_cast<size_t>(size)), offset);
  if (n < 0) return errno == EINTR ? Result<int64_t>(int64_t{-1}) : Error::Sys(errno, "read", what);
  TRY(WriteAll(out, {buffer.data(), static_cast<size_t>(n)}, what));
  return static_cast<int64_t>(n);
}

}  // namespace

Status SendRange(int in, int64_t offset, int64_t size, int out, std::string_view what,
                 const std::function<void(int64_t)>& sent) {
  std::string buffer;
  for (Way way = Way::kCopy; size > 0;) {
    const auto piece = static_cast<size_t>(std::min(size, kPiece));
    ssize_t n = 0;
    off_t from = offset;
    if (way == Way::kCopy) n = ::copy_file_range(in, &from, out, nullptr, piece, 0);
    else if (way == Way::kSend) n = ::sendfile(out, in, &from, piece);
    else n = TRY(ThroughMemory(in, offset, size, out, what, buffer));
    if (n < 0 && way != Way::kMemory && IsUnfit(errno)) {
      way = way == Way::kCopy ? Way::kSend : Way::kMemory;
      continue;
    }
    if (n < 0 && way != Way::kMemory && errno != EINTR) return Error::Sys(errno, "write", what);
    if (n < 0) continue;
    if (n == 0) return Error(Code::kCorrupt, std::string(what) + ": truncated");
    offset += n;
    size -= n;
    if (sent) sent(n);
  }
  return Ok();
}

}  // namespace ctool::sys
