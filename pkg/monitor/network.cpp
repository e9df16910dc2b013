// SPDX-License-Identifier: Apache-2.0
#include "monitor/network.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace ctool::monitor {

Result<Network> Network::Start(const Sandbox& sandbox, pid_t init) {
  network::SlirpProcess slirp = TRY(network::StartSlirp(sandbox.slirp_command, init));
  return Network(std::move(slirp), sandbox.slirp_command, init);
}

void Network::End() {
  slirp_.exit.Reset();
  sys::Child child = std::move(slirp_.child);  // killed and waited for
  if (!has_ports_) std::move(child).Detach();  // ends by itself, after us
}

Status Network::AwaitReady(const Config& config) {
  has_ports_ = !config.ports.empty();
  Status ready = network::FinishSlirpStart(slirp_);
  while (!ready.ok()) {
    // An old slirp4netns lacks one of its walls: the user hears of it, and the container runs.
    const auto fewer = network::WithoutUnknownOption(command_, ready.error());
    if (!fewer) return ready;
    Warn("this slirp4netns is too old for all of its sandbox options: " + ready.error().Message());
    command_ = *fewer;
    slirp_ = TRY(network::StartSlirp(command_, init_));
    ready = network::FinishSlirpStart(slirp_);
  }
  for (const std::string& text : config.ports) {
    const network::PortMapping mapping = TRY(network::ParsePortMapping(text));
    // A port that is taken is the container's failure to start, not ours: exit status 126.
    Status forwarded = network::AddHostForward(config.slirp_socket, mapping, config.container_ip);
    if (!forwarded.ok()) return std::move(forwarded).error().Wrap("publish " + Quote(text)).As(Code::kNotExecutable);
  }
  return Ok();
}

}  // namespace ctool::monitor
