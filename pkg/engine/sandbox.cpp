// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/stat.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/group.hpp"
#include "engine/namespace_join_internal.hpp"
#include "engine/sandbox_internal.hpp"
#include "network/host_routes.hpp"
#include "network/hosts.hpp"
#include "network/pasta.hpp"
#include "network/slirp4netns.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

bool SharesNetwork(const ContainerSpec& spec) { return IsShared(spec.network_mode); }

bool SharesUsers(const ContainerSpec& spec) {
  return StartsWith(spec.userns_mode, "container:") || StartsWith(spec.userns_mode, "ns:");
}

uint64_t NamespacesOf(const ContainerSpec& spec) {
  uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP;
  for (const NamespaceMode& ns : NamespaceModes())
    if (spec.*ns.mode == "host") flags &= ~ns.flag;
  if (spec.network_mode == "host" && spec.uts_mode.empty()) flags &= ~static_cast<uint64_t>(CLONE_NEWUTS);
  // Whoever owns a namespace that is shared must own the container's others: it is made in the same user namespace, or below.
  const uint64_t shared = SharedNamespaces(spec);
  if (SharesUsers(spec) || (shared != 0 && spec.id_mappings.empty())) flags &= ~static_cast<uint64_t>(CLONE_NEWUSER);
  return flags & ~shared;
}

namespace {

// "slirp4netns" and "pasta" read their own options.
std::string NetworkOf(const ContainerSpec& spec) {
  return spec.network_options.empty() ? spec.network_mode : spec.network_mode + ":" + spec.network_options;
}

using List = std::vector<std::string>;

Result<network::SlirpOptions> SlirpOptionsOf(const ContainerSpec& spec, const config::ContainersConf& conf) {
  return network::ParseSlirpNetwork(NetworkOf(spec), conf.network_cmd_options.value_or(List{}));
}

Result<network::PastaOptions> PastaOptionsOf(const ContainerSpec& spec, const config::ContainersConf& conf) {
  return network::ParsePastaNetwork(NetworkOf(spec), conf.pasta_options.value_or(List{}));
}

// Nobody asked for the usual range, and the host may use it itself: a virtual machine, a company network.
Status AvoidHostNetworks(network::SlirpOptions& options) {
  if (options.cidr_given) return Ok();
  const std::vector<network::HostRoute> routes = network::HostRoutes();
  const std::vector<std::string> servers = network::NameServers(TRY(network::ReadHostResolvConf()));
  const std::optional<std::string> free = network::FreeCidr(routes, servers);
  if (!free || *free == options.cidr) return Ok();
  Warn("the host uses addresses of " + options.cidr + " itself: the container's network is " + *free);
  options.cidr = *free;
  return Ok();
}

Result<network::Backend> SlirpWith(network::SlirpOptions options, const config::ContainersConf& conf, const std::string& api_socket) {
  const std::string program =
      TRY(network::FindSlirp(conf.network_cmd_path.value_or(""), conf.helper_binaries_dir.value_or(List{})));
  TRY(AvoidHostNetworks(options));
  network::Backend backend = TRY(network::SlirpBackend(program, options, api_socket));
  if (!network::IsResolvConfInSandbox()) backend.dns.clear();
  return backend;
}

Result<network::Backend> SlirpBackendOf(Engine& engine, const ContainerSpec& spec, const config::ContainersConf& conf) {
  network::SlirpOptions slirp = TRY(SlirpOptionsOf(spec, conf));
  if (!spec.publishes || !slirp.forwards_ports) return SlirpWith(std::move(slirp), conf, "");
  // The socket is made by the container's root, who may be nobody to us: the folder is open to all, the one above is not.
  const std::string folder = TRY(engine.RunDir(spec.id, true)) + "/slirp";
  TRY(sys::MakeDirs(folder, 0700));
  if (::chmod(folder.c_str(), 0777) < 0) return Error::Sys(errno, "chmod", folder);
  return SlirpWith(std::move(slirp), conf, folder + "/slirp.sock");
}

}  // namespace

Result<network::Backend> SlirpUplink(const config::ContainersConf& conf, const std::string& api_socket) {
  return SlirpWith(TRY(network::ParseSlirpNetwork(network::kSlirp4netns, conf.network_cmd_options.value_or(List{}))), conf, api_socket);
}

namespace {

// A map of its own, beside the one by which the store's files are owned. With a single id there is only one owner.
Status MapIds(const ContainerSpec& spec, monitor::Sandbox& sandbox) {
  if (spec.id_mappings.empty()) return Ok();
  userns::IdMap own = TRY(HostMap(spec.id_mappings, sandbox.map));
  if (!own.single_id && (own.uids != sandbox.map.uids || own.gids != sandbox.map.gids)) sandbox.store = std::move(sandbox.map);
  sandbox.map = std::move(own);
  return Ok();
}

}  // namespace

Status CheckForward(const ContainerSpec& spec, const config::ContainersConf& conf, const network::PortMapping& mapping) {
  const bool slirp = spec.network_mode == network::kSlirp4netns;
  const bool any_address = slirp && !TRY(SlirpOptionsOf(spec, conf)).forwards_ports;
  return network::CheckForward(spec.network_mode, mapping, any_address);
}

Status CheckNetworkOptions(const ContainerSpec& spec, const config::ContainersConf& conf) {
  if (spec.network_mode == network::kSlirp4netns) TRY(SlirpOptionsOf(spec, conf));
  if (spec.network_mode == network::kPasta) TRY(PastaOptionsOf(spec, conf));
  return Ok();
}

Result<monitor::Sandbox> SandboxOf(Engine& engine, const ContainerSpec& spec, SandboxOrigin& origin) {
  monitor::Sandbox sandbox;
  sandbox.namespaces = NamespacesOf(spec);
  sandbox.map = TRY(userns::DefaultMap());
  TRY(MapIds(spec, sandbox));
  sandbox.terminal = spec.tty;
  sandbox.keep_stdin = spec.interactive;
  sandbox.passthrough = PassesStreams(spec.log_driver) && !spec.tty;
  if (SharesUsers(spec)) TRY(JoinOthersUsers(engine, spec, sandbox, origin));
  if (SharedNamespaces(spec) != 0) TRY(JoinOthers(engine, spec, sandbox, origin));
  if (spec.network_mode == "bridge") TRY(JoinBridges(engine, spec, sandbox, origin));
  TRY(PlaceGroup(engine, spec, sandbox));
  const config::ContainersConf& conf = *TRY(engine.Conf());
  if (spec.network_mode == network::kSlirp4netns) sandbox.network = TRY(SlirpBackendOf(engine, spec, conf));
  if (spec.network_mode == network::kPasta)
    sandbox.network = network::PastaBackend(TRY(network::FindPasta(conf.helper_binaries_dir.value_or(List{}))),
                                            TRY(PastaOptionsOf(spec, conf)));
  return sandbox;
}

}  // namespace ctool::engine
