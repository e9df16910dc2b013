// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "engine/attach_internal.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {

using runtime::Msg;

namespace {

constexpr std::array<int, 4> kDeadly = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

// Everything but what is about us (CHLD, PIPE, URG), can't be caught, or is our own fault.
sigset_t ForwardedSignals(bool sig_proxy, bool tty) {
  sigset_t set;
  ::sigemptyset(&set);
  if (sig_proxy) {
    ::sigfillset(&set);
    for (const int sig : {SIGCHLD, SIGPIPE, SIGURG, SIGSTOP, SIGKILL, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGTTIN, SIGTTOU})
      ::sigdelset(&set, sig);
  }
  if (tty) ::sigaddset(&set, SIGWINCH);
  // What would end us must not leave the terminal raw.
  if (tty && !sig_proxy)
    for (const int sig : kDeadly) ::sigaddset(&set, sig);
  return set;
}

void DieOf(int sig) {
  ::signal(sig, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, sig);
  ::raise(sig);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

bool CanSend(const runtime::SyncSocket& to) {
  pollfd polled{to.fd(), POLLOUT, 0};
  return ::poll(&polled, 1, 0) > 0 && (polled.revents & POLLOUT) != 0;
}

}  // namespace

Result<std::string> ParseDetachKeys(const std::string& text) {
  std::string keys;
  if (text.empty()) return keys;
  for (const std::string& key : Split(text, ',')) {
    constexpr std::string_view kControl = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
    if (key.size() == 1) {
      keys += key;
    } else if (key.size() == 6 && StartsWith(ToLower(key), "ctrl-") &&
               kControl.find(ToLower(key)[5]) != std::string_view::npos) {
      keys += static_cast<char>(kControl.find(ToLower(key)[5]));
    } else {
      return Error(Code::kInvalidArgument, "invalid detach keys " + Quote(text) + ": wanted letters or ctrl-<value>, separated by commas");
    }
  }
  return keys;
}

Status LetRun(const runtime::SyncSocket& monitor, const Attachment* attachment, Msg word) {
  const auto send = [&]() -> Status {
    if (attachment != nullptr) TRY(attachment->SendWindowSize(monitor));
    return monitor.Send(word, runtime::Stage::kExec, attachment != nullptr ? attachment->Word() : "");
  };
  Status sent = send();
  // EPIPE: the monitor has failed already, and says why in a frame.
  return !sent.ok() && sent.error().sys_errno() == EPIPE ? Ok() : sent;
}

Result<sys::Fd> AwaitStarted(const runtime::SyncSocket& monitor, runtime::Stage* stage) {
  runtime::Frame frame;
  if (!TRY(monitor.Receive(frame))) return Error(Code::kInternal, "ctool-monitor went away before the command was executed");
  if (stage != nullptr) *stage = frame.header.stage;
  if (frame.header.msg == Msg::kFailed) return runtime::FrameError(frame);
  if (frame.header.msg != Msg::kStarted && frame.header.msg != Msg::kHeld)
    return Error(Code::kInternal, "unexpected frame from ctool-monitor");
  Mark("container runs");
  return std::move(frame.fd);
}

Result<Attachment> Attachment::Prepare(const AttachOptions& options, bool tty, bool interactive) {
  Attachment a;
  a.options_ = options;
  a.tty_ = tty;
  a.interactive_ = interactive && options.attach_stdin;
  a.stdin_open_ = a.interactive_;
  if (tty) a.detach_keys_ = TRY(ParseDetachKeys(options.detach_keys));
  const sigset_t set = ForwardedSignals(options.sig_proxy, tty);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return Error::Sys(errno, "sigprocmask");
  // Who reads our output may go: that is an error to be told, and no reason to leave a container behind.
  ::signal(SIGPIPE, SIG_IGN);
  a.signals_ = sys::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!a.signals_) return Error::Sys(errno, "signalfd");
  return a;
}

Status Attachment::SendWindowSize(const runtime::SyncSocket& monitor) const {
  if (!tty_) return Ok();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    const std::optional<sys::WindowSize> size = sys::GetWindowSize(fd);
    if (!size) continue;
    const std::array<uint16_t, 2> payload = {size->rows, size->columns};
    return monitor.Send(Msg::kResize, runtime::Stage::kTerminal,
                        {reinterpret_cast<const char*>(payload.data()), sizeof payload});
  }
  return Ok();
}

// True at the end of the sequence; keys of a broken-off sequence are input after all.
bool Attachment::ScanDetachKeys(std::string& bytes) {
  if (detach_keys_.empty()) return false;
  std::string out;
  for (const char c : bytes) {
    if (c != detach_keys_[matched_.size()]) {
      out += matched_;
      matched_.clear();
    }
    if (c != detach_keys_[matched_.size()]) {
      out += c;
      continue;
    }
    matched_ += c;
    if (matched_.size() == detach_keys_.size()) return true;
  }
  bytes = std::move(out);
  return false;
}

Status Attachment::ForwardStdin(const runtime::SyncSocket& monitor, bool& detached) {
  std::string bytes(runtime::kMaxPayload / 2, '\0');
  const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return Ok();
  if (n <= 0) {
    stdin_open_ = false;
    return monitor.Send(Msg::kStdinEof);
  }
  bytes.resize(static_cast<size_t>(n));
  if (ScanDetachKeys(bytes)) {
    detached = true;
    return Ok();
  }
  return bytes.empty() ? Ok() : monitor.Send(Msg::kStdin, runtime::Stage::kExec, bytes);
}

Status Attachment::HandleSignal(const runtime::SyncSocket& monitor, int pidfd) {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return Ok();
  const int sig = static_cast<int>(info.ssi_signo);
  if (sig == SIGWINCH && tty_) return SendWindowSize(monitor);
  if (!options_.sig_proxy) {
    deadly_ = sig;
    return Ok();
  }
  // ESRCH: it has just ended; its exit is on the way.
  if (sys::PidfdSendSignal(pidfd, sig) < 0 && errno != ESRCH)
    Debug(Error::Sys(errno, "pass signal " + std::to_string(sig) + " to the container").Message());
  return Ok();
}

// False once the container has exited.
Result<bool> Attachment::HandleFrame(const runtime::SyncSocket& monitor, std::optional<int>& exit_code) {
  if (!TRY(monitor.Receive(frame_)))
    return Error(Code::kInternal, "the container's monitor died; the container may still run");
  switch (frame_.header.msg) {
    case Msg::kStdout:
      if (options_.attach_stdout) TRY(sys::WriteAll(STDOUT_FILENO, frame_.payload, "/dev/stdout"));
      return true;
    case Msg::kStderr:
      if (options_.attach_stderr) TRY(sys::WriteAll(STDERR_FILENO, frame_.payload, "/dev/stderr"));
      return true;
    case Msg::kStdin:
      input_ = frame_.fd ? Input::kPipe : Input::kFrames;
      if (frame_.fd) pipe_.emplace(std::move(frame_.fd));
      return true;
    case Msg::kExited:
      concludes_ = frame_.payload.find(' ') == std::string::npos;
      exit_code = static_cast<int>(ParseInt(std::string_view(frame_.payload).substr(0, frame_.payload.find(' '))).value_or(125));
      return false;
    default:
      return Error(Code::kInternal, "unexpected frame from the container's monitor");
  }
}

Result<std::optional<int>> Attachment::Relay(const runtime::SyncSocket& monitor, int pidfd) {
  // Last of all, with the terminal as it was: what would have ended us does.
  struct Ending {
    const int& sig;
    ~Ending() {
      if (sig != 0) DieOf(sig);
    }
  } ending{deadly_};
  std::optional<sys::RawTerminal> raw;
  if (tty_ && interactive_ && ::isatty(STDIN_FILENO) != 0) raw.emplace(TRY(sys::RawTerminal::Enter(STDIN_FILENO)));
  if (tty_) input_ = Input::kFrames;
  for (;;) {
    std::array<pollfd, 3> polled = {{
        {monitor.fd(), static_cast<short>(POLLIN | (blocked_ ? POLLOUT : 0)), 0},
        {signals_.get(), POLLIN, 0},
        WantedInput(),
    }};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if ((polled[1].revents & POLLIN) != 0) TRY(HandleSignal(monitor, pidfd));
    if (deadly_ != 0) return std::optional<int>();
    if ((polled[0].revents & POLLOUT) != 0) blocked_ = false;
    if ((polled[0].revents & (POLLIN | POLLHUP)) != 0) {
      std::optional<int> exit_code;
      if (!TRY(HandleFrame(monitor, exit_code))) return exit_code;
    }
    if (polled[2].revents != 0 && !TRY(HandleInput(monitor))) return std::optional<int>();
  }
}

pollfd Attachment::WantedInput() const {
  if (!stdin_open_ || input_ == Input::kUnknown || blocked_) return {-1, 0, 0};
  if (input_ == Input::kPipe) return pipe_->Wanted();
  return {STDIN_FILENO, POLLIN, 0};
}

// False: the user has detached.
Result<bool> Attachment::HandleInput(const runtime::SyncSocket& monitor) {
  bool detached = false;
  Status sent = Ok();
  if (input_ == Input::kPipe) {
    if (TRY(pipe_->Pump())) return true;
    stdin_open_ = false;
    pipe_.reset();
    sent = monitor.Send(Msg::kStdinEof);
  } else if (!CanSend(monitor)) {
    blocked_ = true;  // never wait in a send while the monitor may wait for us to read
  } else {
    sent = ForwardStdin(monitor, detached);
  }
  // EPIPE: the container has ended; its last frames are still to be read.
  if (!sent.ok() && sent.error().sys_errno() != EPIPE) return std::move(sent).error();
  return !detached;
}

}  // namespace ctool::engine
