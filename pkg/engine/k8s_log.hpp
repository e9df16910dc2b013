// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctool::engine {

// One entry of a container's log: "TIME stdout F text" (the Kubernetes CRI format, k8s-file). A line that was not
// written in one go is several entries, all but the last partial.
struct LogEntry {
  std::string_view time;  // RFC 3339 with nine digits; its shape only was looked at
  bool is_stderr = false;
  bool partial = false;  // the line goes on in the stream's next entry
  std::string_view text;
};

// `line` without its newline. Nothing for what is no entry: a log may be torn, or another program's.
std::optional<LogEntry> ParseLogLine(std::string_view line);

// Cuts what is read into lines. A line that never ends is given up after kMaxLine bytes.
class LineCutter {
 public:
  static constexpr size_t kMaxLine = 4 << 20;

  // Where to put the next bytes, at least half of the buffer or kMaxLine, and how many were put there.
  char* Space(size_t& size);
  void Filled(size_t size);
  // The next whole line without its newline; nothing: more bytes are needed. Valid until Space.
  std::optional<std::string_view> Next();
  // What stands behind the last newline; the end of a log that was torn.
  std::string_view Rest() const;
  // Bytes up to the end of what Next gave.
  uint64_t position() const { return position_; }
  void set_position(uint64_t position) { position_ = position; }

 private:
  std::string buffer_;
  size_t begin_ = 0, end_ = 0, searched_ = 0;
  uint64_t position_ = 0;
  bool skipping_ = false;  // the rest of a line that was too long
};

}  // namespace ctool::engine
