// SPDX-License-Identifier: Apache-2.0
#include "monitor/streams.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/trace.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::monitor {
namespace {

using runtime::Msg;

Result<std::pair<sys::Fd, sys::Fd>> Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  return std::pair(sys::Fd(ends[0]), sys::Fd(ends[1]));
}

Error CommandGone() { return Error(Code::kInternal, "the command went away before the container was started"); }

}  // namespace

Result<Pipes> MakePipes(bool terminal, bool keep_stdin) {
  Pipes p;
  if (terminal) return p;
  if (keep_stdin) {
    std::tie(p.in, p.ours.in) = TRY(Pipe());
  } else {
    p.in = TRY(sys::Open("/dev/null", O_RDONLY));
  }
  std::tie(p.ours.out, p.out) = TRY(Pipe());
  std::tie(p.ours.err, p.err) = TRY(Pipe());
  return p;
}

Result<Pipes> PassThrough(const std::vector<sys::Fd>& streams) {
  Pipes p;
  sys::Fd* const ends[] = {&p.in, &p.out, &p.err};
  for (size_t i = 0; i < 3; ++i) {
    if (streams.size() < 3) {
      *ends[i] = TRY(sys::Open("/dev/null", O_RDWR));
      continue;
    }
    *ends[i] = sys::Fd(::fcntl(streams[i].get(), F_DUPFD_CLOEXEC, 3));
    if (!*ends[i]) return Error::Sys(errno, "duplicate a stream of the caller's");
  }
  return p;
}

Result<std::vector<sys::Fd>> ReceiveFiles(const runtime::SyncSocket& command, int64_t count) {
  constexpr int64_t kMost = 1024;
  if (count < 0 || count > kMost) return Error(Code::kInvalidArgument, "too many descriptors to pass on");
  std::vector<sys::Fd> files;
  for (runtime::Frame frame; count > 0; --count) {
    TRY(Expect(command, frame, Msg::kFile));
    if (!frame.fd) return Error(Code::kInternal, "a frame lacks its descriptor");
    files.push_back(std::move(frame.fd));
  }
  return files;
}

void Resize(int terminal, const std::string& payload) {
  std::array<uint16_t, 2> size{};
  if (payload.size() != sizeof size || terminal < 0) return;
  std::memcpy(size.data(), payload.data(), sizeof size);
  winsize window{};
  window.ws_row = size[0];
  window.ws_col = size[1];
  ::ioctl(terminal, TIOCSWINSZ, &window);  // a lost resize is corrected by the next
}

Word WordOf(const runtime::Frame& frame) {
  return {frame.header.msg == Msg::kHold, !frame.payload.empty(), frame.payload == "stdin", frame.payload == "tied"};
}

Result<Word> AwaitWord(const runtime::SyncSocket& command, int terminal) {
  for (runtime::Frame frame;;) {
    if (!TRY(command.Receive(frame))) return CommandGone();
    const Msg msg = frame.header.msg;
    if (msg == Msg::kGo || msg == Msg::kHold) return WordOf(frame);
    if (msg == Msg::kResize) Resize(terminal, frame.payload);
  }
}

void LetGoOfStderr() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    ::dup2(null, STDERR_FILENO);
    ::close(null);
  }
  EndProfile();
}

void KeepOnly(std::vector<int> descriptors) {
  std::sort(descriptors.begin(), descriptors.end());
  unsigned first = 3;
  for (const int fd : descriptors) {
    if (fd < static_cast<int>(first)) continue;  // -1: there is none
    if (static_cast<unsigned>(fd) > first) sys::CloseRange(first, static_cast<unsigned>(fd) - 1, 0);
    first = static_cast<unsigned>(fd) + 1;
  }
  sys::CloseRange(first, ~0U, 0);
}

Status Expect(const runtime::SyncSocket& command, runtime::Frame& frame, Msg wanted) {
  if (!TRY(command.Receive(frame))) return CommandGone();
  if (frame.header.msg != wanted) return Error(Code::kInternal, "unexpected frame from the command");
  return Ok();
}

}  // namespace ctool::monitor
