// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/sandbox_internal.hpp"

namespace ctool::engine {

bool SharesNetwork(const ContainerSpec& spec) {
  return StartsWith(spec.network_mode, "container:") || StartsWith(spec.network_mode, "ns:");
}

uint64_t NamespacesOf(const ContainerSpec& spec) {
  uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;
  const bool host_network = spec.network_mode == "host";
  if (spec.uts_mode != "host" && !(host_network && spec.uts_mode.empty())) flags |= CLONE_NEWUTS;
  if (!host_network) flags |= CLONE_NEWNET;
  // Whoever owns the network namespace must own the container's others: it is made in the same user namespace.
  if (SharesNetwork(spec)) flags &= ~static_cast<uint64_t>(CLONE_NEWUSER | CLONE_NEWNET);
  if (spec.cgroupns_mode != "host") flags |= CLONE_NEWCGROUP;
  return flags;
}

Result<network::SlirpOptions> SlirpOptionsOf(const ContainerSpec& spec, const config::ContainersConf& conf) {
  return network::ParseSlirpNetwork(spec.network_options.empty() ? "slirp4netns" : "slirp4netns:" + spec.network_options,
                                    conf.network_cmd_options.value_or(std::vector<std::string>{}));
}

std::string SlirpSocketOf(const ContainerSpec& spec, const std::string& bundle) {
  return spec.publishes ? bundle + "/slirp.sock" : "";
}

Result<monitor::Sandbox> SandboxOf(Engine& engine, const ContainerSpec& spec, SandboxOrigin& origin) {
  monitor::Sandbox sandbox;
  sandbox.namespaces = NamespacesOf(spec);
  sandbox.map = TRY(userns::DefaultMap());
  sandbox.terminal = spec.tty;
  sandbox.keep_stdin = spec.interactive;
  sandbox.passthrough = PassesStreams(spec.log_driver) && !spec.tty;
  if (SharesNetwork(spec)) TRY(JoinOthersNetwork(engine, spec, sandbox, origin));
  if (spec.network_mode == "bridge") TRY(JoinBridges(engine, spec, sandbox, origin));
  if (spec.network_mode != "slirp4netns") return sandbox;
  const config::ContainersConf& conf = *TRY(engine.Conf());
  const std::string program = TRY(network::FindSlirp(conf.network_cmd_path.value_or(""),
                                                     conf.helper_binaries_dir.value_or(std::vector<std::string>{})));
  const std::string bundle = TRY(engine.RunDir(spec.id, spec.publishes));
  sandbox.slirp_command =
      TRY(network::SlirpCommand(program, TRY(SlirpOptionsOf(spec, conf)), SlirpSocketOf(spec, bundle)));
  return sandbox;
}

}  // namespace ctool::engine
