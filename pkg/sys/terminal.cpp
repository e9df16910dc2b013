// SPDX-License-Identifier: Apache-2.0
#include "sys/terminal.hpp"

#include <sys/ioctl.h>

#include <cerrno>

namespace ctool::sys {

Result<RawTerminal> RawTerminal::Enter(int fd) {
  termios saved{};
  if (::tcgetattr(fd, &saved) < 0) return Error::Sys(errno, "tcgetattr");
  termios raw = saved;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSANOW, &raw) < 0) return Error::Sys(errno, "tcsetattr");
  return RawTerminal(fd, saved);
}

void RawTerminal::Restore() noexcept {
  // A terminal that is gone has no settings to restore.
  if (fd_ >= 0) ::tcsetattr(std::exchange(fd_, -1), TCSADRAIN, &saved_);
}

std::optional<WindowSize> GetWindowSize(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) < 0) return std::nullopt;
  return WindowSize{size.ws_row, size.ws_col};
}

}  // namespace ctool::sys
