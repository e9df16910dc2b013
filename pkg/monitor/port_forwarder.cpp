// SPDX-License-Identifier: Apache-2.0
#include "monitor/port_forwarder.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.hpp"
#include "monitor/memory.hpp"
#include "monitor/streams.hpp"
#include "network/forwarder.hpp"

namespace ctool::monitor {
namespace {

using runtime::Frame;
using runtime::Msg;
using runtime::Stage;
using runtime::SyncSocket;

// The child.
int Forward(const network::Backend& backend, const std::vector<network::PortMapping>& ports, int init,
            const SyncSocket& monitor) {
  ::prctl(PR_SET_NAME, "ctool-ports");
  Result<network::Forwarder> forwarder = network::Forwarder::Make(backend, ports, init);
  if (!forwarder.ok()) return monitor.SendError(Stage::kNetwork, forwarder.error()).ok() ? 125 : 124;
  ::close(init);
  if (!monitor.Send(Msg::kReady, Stage::kNetwork).ok()) return 0;
  LetGoOfStderr();
  GiveBackMemory();
  return forwarder->Run(monitor.fd(), GiveBackMemory).ok() ? 0 : 1;
}

}  // namespace

Result<PortForwarder> PortForwarder::Start(const network::Backend& backend,
                                           const std::vector<network::PortMapping>& ports, int init) {
  auto [ours, theirs] = TRY(SyncSocket::Pair());
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child()) {
    KeepOnly({theirs.fd(), init});
    ::_exit(Forward(backend, ports, init, theirs));
  }
  return PortForwarder(std::move(child), std::move(ours));
}

Status PortForwarder::AwaitReady() {
  Frame frame;
  if (!TRY(socket_.Receive(frame)))
    return Error(Code::kInternal, "the process that forwards the ports " + TRY(child_.Wait()).Describe());
  if (frame.header.msg == Msg::kFailed) return runtime::FrameError(frame);
  if (frame.header.msg != Msg::kReady)
    return Error(Code::kInternal, "unexpected frame from the process that forwards the ports");
  return Ok();
}

}  // namespace ctool::monitor
