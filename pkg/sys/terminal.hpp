// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace ctool::sys {

// A terminal in raw mode; its settings come back when this goes.
class RawTerminal {
 public:
  static Result<RawTerminal> Enter(int fd);
  RawTerminal(RawTerminal&& o) noexcept : fd_(std::exchange(o.fd_, -1)), saved_(o.saved_) {}
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal() { Restore(); }
  void Restore() noexcept;

 private:
  RawTerminal(int fd, const termios& saved) : fd_(fd), saved_(saved) {}
  int fd_;
  termios saved_;
};

// Asks `prompt` at the terminal `fd` and reads a line that is not shown. SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGTSTP take
// their effect once the terminal is as it was. kIo at the end of input.
Result<std::string> ReadSecret(int fd, std::string_view prompt);

struct WindowSize {
  uint16_t rows = 0, columns = 0;
};
std::optional<WindowSize> GetWindowSize(int fd);  // nothing when `fd` is no terminal

}  // namespace ctool::sys
