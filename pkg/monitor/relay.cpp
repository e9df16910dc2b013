// SPDX-License-Identifier: Apache-2.0
#include "monitor/relay.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "monitor/control.hpp"
#include "monitor/memory.hpp"
#include "monitor/stop_mark.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {

using runtime::Msg;

namespace {

// A terminal does not tell what it still holds when the process has ended. So much is read at most, and for so long is
// waited for more.
constexpr size_t kTerminalHolds = 128 << 10;
constexpr int kDrainMillis = 200;

// When nothing has happened for so long, nothing may happen for days.
constexpr int64_t kRestNanos = 1'000'000'000;

// The fixed places in the poll; clients and sessions come after them.
enum : size_t { kProcess, kOut, kErr, kStdin, kListener, kFixed };

// What a pipe holds.
size_t Readable(const sys::Fd& pipe) {
  int bytes = 0;
  return pipe && ::ioctl(pipe.get(), FIONREAD, &bytes) == 0 ? static_cast<size_t>(bytes) : 0;
}

bool Writable(int fd) {
  pollfd polled{fd, POLLOUT, 0};
  return ::poll(&polled, 1, 0) > 0;
}

// Until the first of them; 0 is none.
int PollTimeout(std::initializer_list<int64_t> times_ns) {
  int64_t first = 0;
  for (const int64_t time : times_ns)
    if (time != 0 && (first == 0 || time < first)) first = time;
  if (first == 0) return -1;
  const int64_t left = (first - MonotonicNanos()) / 1'000'000 + 1;
  return left < 0 ? 0 : static_cast<int>(std::min<int64_t>(left, 1 << 30));
}

bool IsOver(int64_t time_ns) { return time_ns != 0 && MonotonicNanos() >= time_ns; }

}  // namespace

Relay::Relay(Log log, runtime::SyncSocket starter, bool starter_has_input, Control control)
    : log_(std::move(log)), control_(std::move(control)) {
  if (!starter) return;
  Client client;
  client.socket = std::move(starter);
  client.attached = client.starter = true;
  client.wants_pipe = starter_has_input;
  clients_.push_back(std::move(client));
}

// Sessions end with the container, and by themselves.
Relay::~Relay() {
  for (Helper& helper : helpers_) std::move(helper.child).Detach();
}

bool Relay::Congested() {
  return std::any_of(clients_.begin(), clients_.end(), [](const Client& c) { return c.full; });
}

bool Relay::AwaitRoom(const Client& client) {
  constexpr int kStepMillis = 100, kPatienceMillis = 1000;
  for (int waited = 0; waited < kPatienceMillis;) {
    pollfd polled{client.socket.fd(), POLLOUT, 0};
    const int n = ::poll(&polled, 1, kStepMillis);
    if (n > 0) return (polled.revents & POLLOUT) != 0;
    if (n < 0 && errno != EINTR) return false;
    if (!control_.run_dir.empty() && sys::Exists(StopFile(control_.run_dir))) waited += kStepMillis;
  }
  return false;
}

// Reads once and passes on. A pty master answers EIO once its last peer is closed: the end, as 0.
size_t Relay::PumpOutput(sys::Fd& from, Msg msg, std::string_view stream) {
  buffer_.resize(runtime::kMaxPayload);
  const ssize_t n = ::read(from.get(), buffer_.data(), buffer_.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (n <= 0) {
    from.Reset();
    return 0;
  }
  const std::string_view chunk(buffer_.data(), static_cast<size_t>(n));
  log_.Append(stream, chunk);
  for (Client& client : clients_)
    if (client.attached && !client.socket.Send(msg, runtime::Stage::kExec, chunk).ok()) client.socket.Close();
  return chunk.size();
}

void Relay::CloseStdin() {
  pending_in_.clear();
  close_in_ = false;
  streams_.in.Reset();
}

// Who has it writes straight to the process, and we see none of it. Only one at a time has, so that its end of file is
// the process'.
void Relay::LendStdin(Client& client) {
  client.wants_pipe = false;
  if (streams_.terminal) return;
  client.lent = streams_.in && std::none_of(clients_.begin(), clients_.end(), [](const Client& c) { return c.lent && c.socket; });
  if (!client.socket.Send(Msg::kStdin, runtime::Stage::kExec, {}, client.lent ? streams_.in.get() : -1).ok()) client.socket.Close();
}

// After what is still to be written.
void Relay::EndStdin() {
  if (pending_in_.empty()) CloseStdin();
  else close_in_ = true;
}

void Relay::WriteStdin() {
  const int to = streams_.terminal ? streams_.terminal.get() : streams_.in.get();
  const ssize_t n = ::write(to, pending_in_.data(), pending_in_.size());
  if (n < 0 && errno != EINTR && errno != EAGAIN) {
    CloseStdin();  // EPIPE: the process has closed it; the rest has no reader
    return;
  }
  if (n > 0) pending_in_.erase(0, static_cast<size_t>(n));
  if (pending_in_.empty() && close_in_) CloseStdin();
}

bool Relay::Receive(Client& client, const sys::Child& process) {
  const Result<bool> got = client.socket.Receive(frame_);
  if (!got.ok() || !*got) return false;  // detached, or gone; the container goes on
  const Msg msg = frame_.header.msg;
  if (!client.attached) {
    if (msg == Msg::kAttach) {
      client.attached = true;
      const bool has_input = frame_.payload == "stdin";
      if (!client.socket.Send(Msg::kStarted, runtime::Stage::kExec, std::to_string(process.pid()), process.pidfd()).ok())
        return false;
      if (has_input) LendStdin(client);
      return static_cast<bool>(client.socket);
    }
    if (msg == Msg::kReload && control_.reload) {
      control_.reload();
      return false;
    }
    const bool check = msg == Msg::kCheck && control_.health != nullptr && control_.health->exists();
    if (!check && (msg != Msg::kExecute || !control_.execute)) return false;
    Result<sys::Child> helper = check ? control_.health->Check(process, client.socket)
                                      : control_.execute(std::move(client.socket), std::move(frame_));
    if (helper.ok()) helpers_.push_back({std::move(helper).value(), check, false, check ? std::move(client.socket) : runtime::SyncSocket()});
    else Debug(helper.error().Message());
    return false;
  }
  switch (msg) {
    case Msg::kStdin:
      if (streams_.terminal || streams_.in) pending_in_ += frame_.payload;
      return true;
    case Msg::kStdinEof:
      // A terminal has its end of file in its own character.
      EndStdin();
      return true;
    case Msg::kResize:
      Resize(streams_.terminal.get(), frame_.payload);
      return true;
    default:
      return false;  // not a frame that a command may send now
  }
}

void Relay::Accept() {
  Client client;
  const Result<bool> accepted = AcceptControl(control_.listener, client.socket);
  if (!accepted.ok()) Debug(accepted.error().Message());
  else if (*accepted) clients_.push_back(std::move(client));
}

void Relay::FillPoll(const sys::Child& process) {
  const bool reading = !Congested();
  const bool stdin_waits = !pending_in_.empty();
  const int in = streams_.terminal ? streams_.terminal.get() : streams_.in.get();
  polled_.clear();
  polled_.push_back({process.pidfd(), POLLIN, 0});
  polled_.push_back({reading ? out().get() : -1, POLLIN, 0});
  polled_.push_back({reading ? streams_.err.get() : -1, POLLIN, 0});
  polled_.push_back({stdin_waits ? in : -1, POLLOUT, 0});
  polled_.push_back({control_.listener, POLLIN, 0});
  // Who is attached waits while the process does not read; an order to execute never does.
  for (const Client& c : clients_)
    polled_.push_back({c.socket.fd(), static_cast<short>((c.attached && stdin_waits ? 0 : POLLIN) | (c.full ? POLLOUT : 0)), 0});
  for (const Helper& helper : helpers_) polled_.push_back({helper.child.pidfd(), POLLIN, 0});
}

void Relay::ServeClients(sys::Child& process) {
  const size_t count = clients_.size();
  for (size_t i = 0; i < count; ++i) {
    const short events = polled_[kFixed + i].revents;
    if ((events & POLLOUT) != 0) clients_[i].full = false;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !Receive(clients_[i], process)) clients_[i].socket.Close();
  }
  bool ended = false;
  for (size_t i = kFixed + count; i < polled_.size(); ++i) ended |= polled_[i].revents != 0;
  if (ended) Reap(process);
  if (polled_[kListener].revents != 0) Accept();
}

void Relay::Reap(sys::Child& process) {
  for (auto helper = helpers_.begin(); helper != helpers_.end();) {
    pollfd polled{helper->child.pidfd(), POLLIN, 0};
    if (::poll(&polled, 1, 0) <= 0) {
      ++helper;
      continue;
    }
    const Result<sys::ExitStatus> ended = helper->child.Wait();
    if (helper->timed) control_.health->Schedule();
    const HealthAction action = helper->check && ended.ok() ? control_.health->ActionOf(*ended) : HealthAction::kNone;
    if (action != HealthAction::kNone && helper->client) waiting_.push_back(std::move(helper->client));
    helper = helpers_.erase(helper);
    if (action == HealthAction::kKill && !process.Signal(SIGKILL).ok()) Debug("the container has ended already");
    if (action == HealthAction::kStop || action == HealthAction::kRestart) End(process, action == HealthAction::kRestart);
  }
}

// The container's health wants it: the stop signal, then SIGKILL when the time is over.
void Relay::End(sys::Child& process, bool restart) {
  if (kill_ns_ != 0 || restart_) return;  // it is being ended
  restart_ = restart;
  const Status asked = restart ? Ok() : sys::WriteFileAtomic(StopFile(control_.run_dir), "", 0600, sys::Durability::kNone);
  if (!asked.ok()) Debug(asked.error().Message());
  const Status sent = process.Signal(control_.stop_timeout_seconds == 0 ? SIGKILL : control_.stop_signal);
  if (!sent.ok()) Debug(sent.error().Message());
  if (control_.stop_timeout_seconds > 0) kill_ns_ = MonotonicNanos() + control_.stop_timeout_seconds * 1'000'000'000;
}

void Relay::CheckHealth(const sys::Child& process) {
  if (sys::Exists(PausedFile(control_.run_dir))) return control_.health->Schedule();
  Result<sys::Child> check = control_.health->Check(process, runtime::SyncSocket());
  if (check.ok()) helpers_.push_back({std::move(check).value(), true, true, {}});
  else control_.health->Schedule();
}

// Stdin is written, and one of the two outputs read, when there is room for it everywhere.
void Relay::ServeProcess() {
  if (polled_[kStdin].revents != 0) WriteStdin();
  if ((polled_[kOut].revents | polled_[kErr].revents) == 0) return;
  for (Client& client : clients_)
    if (client.attached && client.socket && !Writable(client.socket.fd())) client.full = true;
  if (Congested()) return;
  if (polled_[kOut].revents != 0) PumpOutput(out(), Msg::kStdout, "stdout");
  else PumpOutput(streams_.err, Msg::kStderr, "stderr");
}

Result<Relay::Outcome> Relay::Run(sys::Child& process, Streams streams, int64_t deadline_ns) {
  streams_ = std::move(streams);
  for (const int fd : {streams_.in.get(), streams_.terminal.get()})
    if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  for (Client& client : clients_)
    if (client.wants_pipe) LendStdin(client);
  // A check of the last run says nothing of this one.
  for (Helper& helper : helpers_) helper.check = helper.timed = false;
  bool timed_out = false;
  kill_ns_ = 0;
  restart_ = false;
  if (control_.health != nullptr) control_.health->Begin();
  int64_t rest_ns = MonotonicNanos() + kRestNanos;
  for (;;) {
    if (tied_ && std::none_of(clients_.begin(), clients_.end(), [](const Client& c) { return c.starter; })) {
      TRY(process.Signal(SIGKILL));
      tied_ = false;
    }
    FillPoll(process);
    const int64_t due_ns = control_.health == nullptr ? 0 : control_.health->due_ns();
    const int n = ::poll(polled_.data(), polled_.size(), PollTimeout({deadline_ns, kill_ns_, due_ns, rest_ns}));
    if (n < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if (IsOver(deadline_ns) || IsOver(kill_ns_)) {
      TRY(process.Signal(SIGKILL));
      timed_out = IsOver(deadline_ns);
      deadline_ns = kill_ns_ = 0;
    }
    if (IsOver(due_ns)) CheckHealth(process);
    if (IsOver(rest_ns)) {
      GiveBackMemory();
      rest_ns = 0;
    }
    if (n <= 0) continue;
    rest_ns = MonotonicNanos() + kRestNanos;
    ServeClients(process);
    ServeProcess();
    const size_t before = clients_.size();
    clients_.erase(std::remove_if(clients_.begin(), clients_.end(), [](const Client& c) { return !c.socket; }), clients_.end());
    // Nobody can come back to a session: what reads its stdin must not wait for ever.
    if (clients_.empty() && before > 0 && control_.listener < 0) EndStdin();
    if (polled_[kProcess].revents != 0) break;
  }
  DrainOutput();
  log_.Finish();
  return Outcome{TRY(process.Wait()), timed_out, restart_};
}

// What the process has written is in the pipes by now; a process that it has left behind (an exec session's child) may go on
// for ever.
void Relay::DrainOutput() {
  std::array<size_t, 2> left = {streams_.terminal ? kTerminalHolds : Readable(streams_.out), Readable(streams_.err)};
  while (left[0] + left[1] > 0) {
    std::array<pollfd, 2> polled = {{{left[0] > 0 ? out().get() : -1, POLLIN, 0}, {left[1] > 0 ? streams_.err.get() : -1, POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), kDrainMillis) <= 0) return;
    for (Client& client : clients_)
      if (client.attached && client.socket && !AwaitRoom(client)) client.socket.Close();
    const auto pump = [&](size_t i, sys::Fd& from, Msg msg, std::string_view stream) {
      if (polled[i].revents == 0) return;
      const size_t n = PumpOutput(from, msg, stream);
      left[i] -= n == 0 ? left[i] : std::min(left[i], n);
    };
    pump(0, out(), Msg::kStdout, "stdout");
    pump(1, streams_.err, Msg::kStderr, "stderr");
  }
}

void Relay::LetGo(int exit_code) {
  for (const Client& client : clients_)
    if (client.attached && client.socket && AwaitRoom(client) && !client.socket.Send(Msg::kExited, runtime::Stage::kExec, std::to_string(exit_code) + " again").ok())
      Debug("a command is gone");
  clients_.clear();
  waiting_.clear();
  pending_in_.clear();
  close_in_ = false;
}

void Relay::Say(const std::string& text) {
  const std::string line = "Error: " + text + "\n";
  log_.Append("stderr", line);
  log_.Finish();
  for (const Client& client : clients_)
    if (client.attached && client.socket && AwaitRoom(client) && !client.socket.Send(Msg::kStderr, runtime::Stage::kExec, line).ok())
      Debug("a command is gone");
}

void Relay::SendExit(int exit_code) {
  for (Client& client : clients_) {
    // One that has gone while the output was drained is no one to wait for.
    if (!client.starter || !client.socket) continue;
    if (!AwaitRoom(client) || !client.socket.Send(Msg::kExited, runtime::Stage::kExec, std::to_string(exit_code)).ok()) client.socket.Close();
  }
}

bool Relay::AwaitDone(std::string& folders, bool& tidy) {
  const auto found = std::find_if(clients_.begin(), clients_.end(), [](const Client& c) { return c.starter && c.socket; });
  if (found == clients_.end()) return false;
  const Client starter = std::move(*found);
  clients_.erase(found);
  // What the command had sent before it knew (input, a resize) comes first.
  for (;;) {
    const Result<bool> got = starter.socket.Receive(frame_);
    if (!got.ok() || !*got) return false;
    tidy |= frame_.header.msg == Msg::kTidy;
    if (frame_.header.msg != Msg::kDone) continue;
    folders = std::move(frame_.payload);
    return true;
  }
}

}  // namespace ctool::monitor
