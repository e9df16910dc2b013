// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "monitor/log_journal.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// Keeps what a container writes: in a k8s-file log, "TIME stdout F line", P for a line whose end has not come yet
// (the Kubernetes CRI log format, as podman and conmon write it); in the journal; or not at all.
class Log {
 public:
  static Result<Log> Open(const Config& config);

  // One chunk of output as it was read. A full disk or a broken log never stops the container:
  // the chunk is lost, and the next one is tried again.
  void Append(std::string_view stream, std::string_view chunk);
  // The process that wrote has ended, and its output was given to Append().
  void Finish() {
    if (journal_.is_open()) journal_.Finish();
  }

 private:
  void Write();
  void Rotate();
  sys::Fd fd_;
  JournalLog journal_;
  std::string path_;
  int64_t max_bytes_ = -1, size_ = 0;
  bool torn_ = false;  // the file does not end with a newline
  std::string lines_;  // kept between calls, so that its memory is
};

}  // namespace ctool::monitor
