// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/clock.hpp"
#include "seccomp/record.hpp"

namespace ctool::runtime {
namespace {

// Text of a kFailed: message and hint, with a NUL between them.
std::string PackError(const Error& error) { return error.text() + '\0' + error.hint(); }

}  // namespace

const char* Name(Stage stage) {
  switch (stage) {
    case Stage::kPlan: return "plan";
    case Stage::kClone: return "clone";
    case Stage::kIdMap: return "id-map";
    case Stage::kRootfs: return "rootfs";
    case Stage::kMounts: return "mounts";
    case Stage::kDevices: return "devices";
    case Stage::kPaths: return "paths";
    case Stage::kNetwork: return "network";
    case Stage::kIdentity: return "identity";
    case Stage::kTerminal: return "terminal";
    case Stage::kProcess: return "process";
    case Stage::kSecurity: return "security";
    case Stage::kExec: return "exec";
  }
  return "unknown";
}

Result<std::pair<SyncSocket, SyncSocket>> SyncSocket::Pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return Error::Sys(errno, "socketpair");
  return std::pair(SyncSocket(sys::Fd(ends[0])), SyncSocket(sys::Fd(ends[1])));
}

Status SyncSocket::Send(Msg msg, Stage stage, std::string_view payload, int attach_fd) const {
  FrameHeader header;
  header.msg = msg;
  header.stage = stage;
  return SendHeader(header, payload, attach_fd, MSG_NOSIGNAL);
}

Status SyncSocket::SendListener(int listener) const {
  FrameHeader header;
  header.msg = Msg::kListener;
  header.stage = Stage::kSecurity;
  return SendHeader(header, {}, listener, seccomp::kReportFlags);
}

Status SyncSocket::SendError(Stage stage, const Error& error) const {
  FrameHeader header;
  header.msg = Msg::kFailed;
  header.stage = stage;
  header.code = static_cast<uint8_t>(error.code());
  header.err = error.sys_errno();
  return SendHeader(header, std::string_view(PackError(error)).substr(0, kMaxPayload), -1, MSG_NOSIGNAL);
}

Status SyncSocket::SendHeader(FrameHeader header, std::string_view payload, int attach_fd, unsigned flags) const {
  CHECK(payload.size() <= kMaxPayload);
  header.mono_ns = MonotonicNanos();
  std::array<iovec, 2> parts{iovec{&header, sizeof header},
                             iovec{const_cast<char*>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (attach_fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &attach_fd, sizeof attach_fd);
  }
  // Not by the library, which may widen the flags: a seccomp filter compares them.
  while (::syscall(SYS_sendmsg, fd_.get(), &message, static_cast<unsigned long>(flags)) < 0) {
    if (errno == EINTR) continue;
    const int err = errno;
    // The container's own filter may refuse sendmsg, and its last word before exec is under that.
    if (attach_fd < 0 && (err == EPERM || err == ENOSYS || err == EACCES) && ::writev(fd_.get(), parts.data(), parts.size()) >= 0)
      return Ok();
    // It was closed with frames of ours unread: nobody is there any more, as with EPIPE.
    return Error::Sys(err == ECONNRESET ? EPIPE : err, "send on the sync socket");
  }
  return Ok();
}

Result<bool> SyncSocket::Receive(Frame& into) const {
  into.payload.resize(kMaxPayload);
  into.fd.Reset();
  std::array<iovec, 2> parts{iovec{&into.header, sizeof into.header},
                             iovec{into.payload.data(), into.payload.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  message.msg_control = control.data();
  message.msg_controllen = CMSG_LEN(sizeof(int));  // with its padding there would be room for a second one
  ssize_t n;
  // ECONNRESET comes once, when the peer has closed with unread frames of ours in its queue; what it
  // had sent before is still there to be read.
  while ((n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC)) < 0)
    if (errno != EINTR && errno != ECONNRESET) return Error::Sys(errno, "read the sync socket");
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    into.fd = sys::Fd(fd);
  }
  if (n == 0) return false;
  if (n < static_cast<ssize_t>(sizeof into.header) || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Error(Code::kCorrupt, "a datagram on the sync socket is not a frame");
  into.payload.resize(static_cast<size_t>(n) - sizeof into.header);
  return true;
}

Error FrameError(const Frame& frame) {
  const size_t nul = frame.payload.find('\0');
  const std::string text = frame.payload.substr(0, nul);
  const auto code = static_cast<Code>(
      std::min(frame.header.code, static_cast<uint8_t>(Code::kInternal)));
  Error error = frame.header.err != 0 ? Error::Sys(frame.header.err, text).As(code) : Error(code, text);
  if (nul != std::string::npos && nul + 1 < frame.payload.size())
    return std::move(error).Hint(frame.payload.substr(nul + 1));
  return error;
}

}  // namespace ctool::runtime
