// SPDX-License-Identifier: Apache-2.0
#include "monitor/relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <array>
#include <cstring>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace ctool::monitor {

using runtime::Msg;

namespace {

// Output that is still in the pipes when the container has ended is read without waiting longer
// than this for processes outside that hold the other end (an exec session's child).
constexpr int kDrainMillis = 200;

bool Writable(int fd) {
  pollfd polled{fd, POLLOUT, 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

void Resize(int terminal, const std::string& payload) {
  std::array<uint16_t, 2> size{};
  if (payload.size() != sizeof size || terminal < 0) return;
  std::memcpy(size.data(), payload.data(), sizeof size);
  winsize window{};
  window.ws_row = size[0];
  window.ws_col = size[1];
  ::ioctl(terminal, TIOCSWINSZ, &window);  // a lost resize is corrected by the next
}

// Reads once and passes on. A pty master answers EIO once its last peer is closed: the end, as 0.
void Relay::PumpOutput(sys::Fd& from, Msg msg, std::string_view stream) {
  buffer_.resize(runtime::kMaxPayload);
  const ssize_t n = ::read(from.get(), buffer_.data(), buffer_.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    from.Reset();
    return;
  }
  const std::string_view chunk(buffer_.data(), static_cast<size_t>(n));
  log_.Append(stream, chunk);
  if (client_ && !client_.Send(msg, runtime::Stage::kExec, chunk).ok()) client_.Close();
}

void Relay::CloseStdin() {
  pending_in_.clear();
  close_in_ = false;
  streams_.in.Reset();
}

void Relay::WriteStdin() {
  const int to = streams_.terminal ? streams_.terminal.get() : streams_.in.get();
  const ssize_t n = ::write(to, pending_in_.data(), pending_in_.size());
  if (n < 0 && errno != EINTR && errno != EAGAIN) {
    CloseStdin();  // EPIPE: the container has closed it; the rest has no reader
    return;
  }
  if (n > 0) pending_in_.erase(0, static_cast<size_t>(n));
  if (pending_in_.empty() && close_in_) CloseStdin();
}

void Relay::ReceiveFromClient() {
  const Result<bool> got = client_.Receive(frame_);
  if (!got.ok() || !*got) {
    client_.Close();  // detached, or gone; the container goes on
    return;
  }
  switch (frame_.header.msg) {
    case Msg::kStdin:
      if (streams_.terminal || streams_.in) pending_in_ += frame_.payload;
      break;
    case Msg::kStdinEof:
      // A terminal has its end of file in its own character.
      if (pending_in_.empty()) CloseStdin();
      else close_in_ = true;
      break;
    case Msg::kResize:
      Resize(streams_.terminal.get(), frame_.payload);
      break;
    default:
      client_.Close();  // not a frame that a command may send now
  }
}

int Relay::PollTimeout(int64_t deadline_ns) const {
  if (deadline_ns == 0) return -1;
  const int64_t left = (deadline_ns - MonotonicNanos()) / 1'000'000 + 1;
  return left < 0 ? 0 : static_cast<int>(std::min<int64_t>(left, 1 << 30));
}

Result<Relay::Outcome> Relay::Run(sys::Child& container, Streams streams, int64_t deadline_ns) {
  streams_ = std::move(streams);
  for (const int fd : {streams_.in.get(), streams_.terminal.get()})
    if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  bool timed_out = false;
  for (;;) {
    const bool reading = !client_full_;
    const bool stdin_waits = !pending_in_.empty();
    sys::Fd& out = streams_.terminal ? streams_.terminal : streams_.out;
    const int in = streams_.terminal ? streams_.terminal.get() : streams_.in.get();
    std::array<pollfd, 5> polled = {{
        {container.pidfd(), POLLIN, 0},
        {reading ? out.get() : -1, POLLIN, 0},
        {reading ? streams_.err.get() : -1, POLLIN, 0},
        {client_.fd(), static_cast<short>((stdin_waits ? 0 : POLLIN) | (client_full_ ? POLLOUT : 0)), 0},
        {stdin_waits ? in : -1, POLLOUT, 0},
    }};
    const int n = ::poll(polled.data(), polled.size(), PollTimeout(deadline_ns));
    if (n < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if (deadline_ns != 0 && MonotonicNanos() >= deadline_ns) {
      TRY(container.Signal(SIGKILL));
      timed_out = true;
      deadline_ns = 0;
    }
    if (n <= 0) continue;
    if ((polled[3].revents & POLLOUT) != 0) client_full_ = false;
    if ((polled[3].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      ReceiveFromClient();
      if (!client_) client_full_ = false;
    }
    if ((polled[1].revents | polled[2].revents) != 0) {
      if (client_ && !Writable(client_.fd())) {
        client_full_ = true;
      } else {
        if (polled[1].revents != 0) PumpOutput(out, Msg::kStdout, "stdout");
        else PumpOutput(streams_.err, Msg::kStderr, "stderr");
      }
    }
    if (polled[4].revents != 0) WriteStdin();
    if (polled[0].revents != 0 && polled[1].revents == 0 && polled[2].revents == 0 && !client_full_) break;
  }
  DrainOutput();
  return Outcome{TRY(container.Wait()), timed_out};
}

void Relay::DrainOutput() {
  for (;;) {
    sys::Fd& out = streams_.terminal ? streams_.terminal : streams_.out;
    if (!out && !streams_.err) return;
    std::array<pollfd, 2> polled = {{{out.get(), POLLIN, 0}, {streams_.err.get(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), kDrainMillis) <= 0) return;
    if (polled[0].revents != 0) PumpOutput(out, Msg::kStdout, "stdout");
    if (polled[1].revents != 0) PumpOutput(streams_.err, Msg::kStderr, "stderr");
  }
}

void Relay::LetGo(int exit_code) {
  if (client_ && !client_.Send(Msg::kExited, runtime::Stage::kExec, std::to_string(exit_code)).ok())
    Debug("the command is gone");
  client_.Close();
  pending_in_.clear();
  close_in_ = client_full_ = false;
}

void Relay::SendExit(int exit_code) {
  if (client_ && !client_.Send(Msg::kExited, runtime::Stage::kExec, std::to_string(exit_code)).ok()) client_.Close();
}

bool Relay::AwaitDone(std::string& folders, bool& tidy) {
  // What the command had sent before it knew (input, a resize) comes first.
  while (client_) {
    const Result<bool> got = client_.Receive(frame_);
    if (!got.ok() || !*got) return false;
    tidy |= frame_.header.msg == Msg::kTidy;
    if (frame_.header.msg != Msg::kDone) continue;
    folders = std::move(frame_.payload);
    return true;
  }
  return false;
}

}  // namespace ctool::monitor
