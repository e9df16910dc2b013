// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
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

// While it lives signals end the wait for input instead of us, and come at no other time.
class Caught {
 public:
  Caught() {
    caught = 0;
    sigset_t held;
    ::sigemptyset(&held);
    for (const int signal : kSignals) ::sigaddset(&held, signal);
    ::pthread_sigmask(SIG_BLOCK, &held, &mask_);
    struct sigaction action {};
    action.sa_handler = Catch;
    for (size_t i = 0; i < kSignals.size(); ++i) {
      ::sigaction(kSignals[i], nullptr, &former_[i]);
      if (former_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
    }
  }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
  ~Caught() {
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_[i], nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  // Until there is input, or a signal came.
  void Wait(int fd) const {
    pollfd polled{fd, POLLIN, 0};
    while (::ppoll(&polled, 1, nullptr, &mask_) < 0 && errno == EINTR && caught == 0) continue;
  }

 private:
  sigset_t mask_{};
  std::array<struct sigaction, kSignals.size()> former_{};
};

// A line without its end; kIo when a signal came or there is none.
Result<std::string> ReadLine(int fd, const Caught& signals) {
  std::string line;
  for (char c = 0; line.size() < kMaxSecret;) {
    signals.Wait(fd);
    if (caught != 0) return Error(Code::kIo, "interrupted");
    const ssize_t n = ::read(fd, &c, 1);
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
      if (::tcgetattr(fd, &saved) < 0)
        return Error::Sys(errno, "tcgetattr").Hint("it is read from a terminal, or redirected: ... --password-stdin < FILE");
      termios quiet = saved;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      // Before the prompt: who sees it may answer at once. What was typed earlier is no answer to it.
      if (::tcsetattr(fd, TCSAFLUSH, &quiet) < 0) return Error::Sys(errno, "tcsetattr");
      const Status asked = WriteAll(fd, prompt, "the terminal");
      if (asked.ok()) line = ReadLine(fd, signals);
      ::tcsetattr(fd, TCSADRAIN, &saved);
      TRY(asked);
      if (Status ended = WriteAll(fd, "\n", "the terminal"); !ended.ok()) return std::move(ended).error();
    }
    if (caught == 0) return line;
    ::raise(caught);  // what survives it, a stop, is asked again
  }
}

}  // namespace ctool::sys
