// SPDX-License-Identifier: Apache-2.0
#include "monitor/network.hpp"

#include <signal.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "network/slirp4netns.hpp"

namespace ctool::monitor {

Result<Network> Network::Start(const network::Backend& backend, pid_t init, const std::vector<std::string>& ports) {
  std::vector<network::PortMapping> mappings;
  for (const std::string& text : ports) mappings.push_back(TRY(network::ParsePortMapping(text)));
  network::BackendProcess process = TRY(network::StartBackend(backend, init, mappings));
  return Network(std::move(process), backend, init, std::move(mappings));
}

void Network::End() {
  process_.exit.Reset();
  sys::Child child = std::move(process_.child);  // killed and waited for
  if (!ports_.empty()) return;
  // Ends by itself, after us.
  const Status told = child.Signal(SIGKILL);
  if (!told.ok()) Debug(told.error().Message());
  std::move(child).Detach();
}

Status Network::AwaitReady() {
  Status ready = network::FinishBackendStart(backend_, process_);
  while (!ready.ok()) {
    // An old slirp4netns lacks one of its walls: the user hears of it, and the container runs.
    auto fewer = network::WithoutUnknownOption(backend_.command, ready.error());
    if (!fewer) return ready;
    Warn("this slirp4netns is too old for all of its sandbox options: " + ready.error().Message());
    backend_.command = std::move(*fewer);
    process_ = TRY(network::StartBackend(backend_, init_, ports_));
    ready = network::FinishBackendStart(backend_, process_);
  }
  if (backend_.api_socket.empty()) return Ok();
  for (const network::PortMapping& mapping : ports_) {
    // A port that is taken is the container's failure to start, not ours: exit status 126.
    Status forwarded = network::AddHostForward(backend_.api_socket, mapping, backend_.address);
    if (!forwarded.ok()) return std::move(forwarded).error().As(Code::kNotExecutable);
  }
  return Ok();
}

}  // namespace ctool::monitor
