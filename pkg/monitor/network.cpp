// SPDX-License-Identifier: Apache-2.0
#include "monitor/network.hpp"

#include <signal.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "network/forwarder.hpp"
#include "network/slirp4netns.hpp"

namespace ctool::monitor {

Result<Network> Network::Start(const network::Backend& backend, const runtime::Launch& init, const std::vector<std::string>& ports) {
  std::vector<network::PortMapping> mappings;
  for (const std::string& text : ports) mappings.push_back(TRY(network::ParsePortMapping(text)));
  network::BackendProcess process = TRY(network::StartBackend(backend, init.pid(), mappings));
  Network network(std::move(process), backend, init.pid(), std::move(mappings));
  if (network::IsForwardedByUs(backend, network.ports_))
    network.forwarder_ = TRY(PortForwarder::Start(backend, network.ports_, init.pidfd()));
  return network;
}

void Network::End() {
  process_.exit.Reset();
  sys::Child child = std::move(process_.child);  // killed and waited for
  if (!ports_.empty() && !forwarder_) return;
  forwarder_.reset();
  // Ends by itself, after us.
  const Status told = child.Signal(SIGKILL);
  if (!told.ok()) Debug(told.error().Message());
  std::move(child).Detach();
}

Status Network::AwaitReady() {
  // A port that is taken is known before slirp4netns is up.
  if (forwarder_) TRY(forwarder_->AwaitReady());
  TRY(network::AwaitBackend(backend_, process_, init_, ports_));
  if (backend_.api_socket.empty()) return Ok();
  for (const network::PortMapping& mapping : ports_) {
    // A port that is taken is the container's failure to start, not ours: exit status 126.
    Status forwarded = network::AddHostForward(backend_.api_socket, mapping, backend_.address);
    if (!forwarded.ok()) return std::move(forwarded).error().As(Code::kNotExecutable);
  }
  return Ok();
}

}  // namespace ctool::monitor
