// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sys/file.hpp"
#include "sys/terminal.hpp"

namespace ctool::sys {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
constexpr size_t kMaxSecret = 64 << 10;

volatile sig_atomic_t caught = 0;
void Catch(int signal) { caught = signal; }

// Signals end the read instead of us, while it lives.
class Caught {
 public:
  Caught() {
    caught = 0;
    struct sigaction action {};
    action.sa_handler = Catch;  // without SA_RESTART
    for (size_t i = 0; i < kSignals.size(); ++i) {
      ::sigaction(kSignals[i], nullptr, &former_[i]);
      if (former_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
    }
  }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
  ~Caught() {
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_[i], nullptr);
  }

 private:
  std::array<struct sigaction, kSignals.size()> former_{};
};

// A line without its end; kIo when a signal came or there is none.
Result<std::string> ReadLine(int fd) {
  std::string line;
  for (char c = 0; line.size() < kMaxSecret;) {
    const ssize_t n = ::read(fd, &c, 1);
    if (n < 0 && errno == EINTR && caught == 0) continue;
    if (n < 0) return Error::Sys(errno, "read", "the terminal");
    if (n == 0 && line.empty()) return Error(Code::kIo, "end of input");
    if (n == 0 || c == '\n') return line;
    line += c;
  }
  return Error(Code::kInvalidArgument, "the line is too long");
}

}  // namespace

Result<std::string> ReadSecret(int fd, std::string_view prompt) {
  for (;;) {
    Result<std::string> line = Error(Code::kIo, "interrupted");
    {
      const Caught signals;
      termios saved{};
      if (::tcgetattr(fd, &saved) < 0) return Error::Sys(errno, "tcgetattr");
      termios quiet = saved;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      // Before the prompt: who sees it may answer at once. What was typed earlier is no answer to it.
      if (::tcsetattr(fd, TCSAFLUSH, &quiet) < 0) return Error::Sys(errno, "tcsetattr");
      const Status asked = WriteAll(fd, prompt, "the terminal");
      if (asked.ok()) line = ReadLine(fd);
      ::tcsetattr(fd, TCSADRAIN, &saved);
      TRY(asked);
      if (Status ended = WriteAll(fd, "\n", "the terminal"); !ended.ok()) return std::move(ended).error();
    }
    if (caught == 0) return line;
    ::raise(caught);  // what survives it, a stop, is asked again
  }
}

}  // namespace ctool::sys
