// SPDX-License-Identifier: Apache-2.0
#include "monitor/network.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace ctool::monitor {

Result<Network> Network::Start(const Config& config, pid_t init) {
  network::SlirpProcess slirp = TRY(network::StartSlirp(config.slirp_command, init));
  return Network(std::move(slirp), config, init);
}

Status Network::AwaitReady() {
  Status ready = network::FinishSlirpStart(slirp_);
  std::vector<std::string> command = config_->slirp_command;
  while (!ready.ok()) {
    // An old slirp4netns lacks one of its walls: the user hears of it, and the container runs.
    const auto fewer = network::WithoutUnknownOption(command, ready.error());
    if (!fewer) return ready;
    Warn("this slirp4netns is too old for all of its sandbox options: " + ready.error().Message());
    command = *fewer;
    slirp_ = TRY(network::StartSlirp(command, init_));
    ready = network::FinishSlirpStart(slirp_);
  }
  for (const std::string& text : config_->ports) {
    const network::PortMapping mapping = TRY(network::ParsePortMapping(text));
    // A port that is taken is the container's failure to start, not ours: exit status 126.
    Status forwarded = network::AddHostForward(config_->slirp_socket, mapping, config_->container_ip);
    if (!forwarded.ok()) return std::move(forwarded).error().Wrap("publish " + Quote(text)).As(Code::kNotExecutable);
  }
  return Ok();
}

}  // namespace ctool::monitor
