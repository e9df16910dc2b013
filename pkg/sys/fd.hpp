// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace ctool::sys {

// Owns one descriptor. Move-only; every producer sets O_CLOEXEC. An `int` parameter is a borrowed
// descriptor, an `Fd` by value a taken one.
class [[nodiscard]] Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    Fd tmp(std::move(o));
    std::swap(fd_, tmp.fd_);
    return *this;
  }
  ~Fd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  // Never throws, never retries (Linux frees the number even on EINTR), keeps errno.
  void Reset() noexcept {
    if (fd_ < 0) return;
    const int saved = errno;
    ::close(std::exchange(fd_, -1));
    errno = saved;
  }

  // For files we wrote: a delayed write error (EIO, ENOSPC, EDQUOT) shows up here.
  Status Close(std::string_view what);

 private:
  int fd_ = -1;
};

}  // namespace ctool::sys
