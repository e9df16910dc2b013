// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "transport/archive.hpp"

namespace ctool::transport {
namespace {

class RangeSource final : public archive::Source {
 public:
  RangeSource(const FileRange& range, std::string what) : range_(range), what_(std::move(what)) {}

  Result<size_t> Read(std::span<char> into) override {
    const auto most = static_cast<size_t>(
        std::min<int64_t>(static_cast<int64_t>(into.size()), range_.size - at_));
    for (;;) {
      if (most == 0) return size_t{0};
      const ssize_t n = ::pread(range_.fd, into.data(), most, range_.offset + at_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error::Sys(errno, "read", what_);
      // Somebody cuts it while we read.
      if (n == 0) return Error(Code::kCorrupt, what_ + ": truncated");
      at_ += n;
      return static_cast<size_t>(n);
    }
  }

  Result<uint64_t> Skip(uint64_t bytes) override {
    const uint64_t n = std::min<uint64_t>(bytes, static_cast<uint64_t>(range_.size - at_));
    at_ += static_cast<int64_t>(n);
    return n;
  }

 private:
  const FileRange range_;
  const std::string what_;
  int64_t at_ = 0;
};

}  // namespace

std::unique_ptr<archive::Source> ReadRange(const FileRange& range, std::string what) {
  return std::make_unique<RangeSource>(range, std::move(what));
}

}  // namespace ctool::transport
