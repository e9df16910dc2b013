// SPDX-License-Identifier: Apache-2.0
//
// The socket between init, monitor and command: two bytes of length and a datagram, over and over. What is
// received fits a frame; an error comes through as it was sent.
#include <sys/socket.h>

#include <algorithm>

#include "fuzz.hpp"
#include "runtime/frame.hpp"

using namespace ctool::runtime;  // NOLINT: one small program

namespace {

void Receive(const SyncSocket& socket, size_t sent) {
  Frame frame;
  const ctool::Result<bool> more = socket.Receive(frame);
  CHECK(more.ok() == (sent >= sizeof(FrameHeader) && sent <= sizeof(FrameHeader) + kMaxPayload));
  if (!more.ok()) return;
  CHECK(*more && frame.payload.size() == sent - sizeof(FrameHeader));
  CHECK(Name(frame.header.stage) != nullptr);
  const ctool::Error error = FrameError(frame);
  CHECK(!error.Message().empty() || frame.payload.empty() || frame.payload[0] == '\0');
  CHECK(socket.SendError(frame.header.stage, error).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = Text(data, size);
  auto pair = SyncSocket::Pair().value();
  while (rest.size() > 2) {
    const size_t wanted = static_cast<unsigned char>(rest[0]) << 8 | static_cast<unsigned char>(rest[1]);
    rest.remove_prefix(2);
    const std::string_view datagram = rest.substr(0, std::max<size_t>(wanted, 1));
    rest.remove_prefix(datagram.size());
    CHECK(::send(pair.first.fd(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0);
    Receive(pair.second, datagram.size());
    if (datagram.size() < sizeof(FrameHeader) || datagram.size() > sizeof(FrameHeader) + kMaxPayload) continue;
    Frame back;
    const ctool::Result<bool> answered = pair.first.Receive(back);
    CHECK(answered.ok() && *answered && back.header.msg == Msg::kFailed);
    static_cast<void>(FrameError(back).Message());
  }
  return 0;
}
