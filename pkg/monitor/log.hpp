// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// Appends to a k8s-file log: "TIME stdout F line", P for a line whose end has not come yet.
// Format: the Kubernetes CRI log format, as podman and conmon write it.
class Log {
 public:
  // An empty path: nothing is kept.
  static Result<Log> Open(const std::string& path, int64_t max_bytes);

  // One chunk of output as it was read. A full disk or a broken log never stops the container:
  // the chunk is lost, and the next one is tried again.
  void Append(std::string_view stream, std::string_view chunk);

 private:
  sys::Fd fd_;
  std::string path_;
  int64_t max_bytes_ = -1, size_ = 0;
  std::string lines_;  // kept between calls, so that its memory is
};

}  // namespace ctool::monitor
