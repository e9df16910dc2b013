// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "bridge/catalog.hpp"
#include "engine/containers.hpp"
#include "engine/fold_internal.hpp"
#include "engine/namespace_join_internal.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/sandbox_internal.hpp"
#include "network/backend.hpp"
#include "network/hosts.hpp"
#include "network/ports.hpp"

namespace ctool::engine {
namespace {

// podman's names for "a network of its own, reached through the user's": one backend serves them.
bool IsUserMode(const std::string& mode) {
  return mode.empty() || mode == "private" || mode == "default";
}

// What serves those who ask for none in particular.
Result<std::string> DefaultBackend(const config::ContainersConf& conf) {
  const std::string name = conf.default_rootless_network_cmd.value_or("");
  if (name.empty()) return std::string(network::kSlirp4netns);
  if (name == network::kPasta || name == network::kSlirp4netns) return name;
  return Error(Code::kInvalidArgument, "invalid default_rootless_network_cmd option " + Quote(name))
      .Hint("containers.conf, [network]: pasta or slirp4netns");
}

constexpr char kOnlyBridges[] = "networks and static ip/mac address can only be used with Bridge mode networking";

bool WantsBridgeOptions(const CreateOptions& o) {
  return !o.ip.empty() || !o.ip6.empty() || !o.mac_address.empty() || !o.network_alias.empty();
}

// --ip, --ip6 and --mac-address are the only network's, --network-alias every network's.
Status FoldBridgeOptions(const CreateOptions& o, std::vector<bridge::Attachment>& networks) {
  const bool single = !o.ip.empty() || !o.ip6.empty() || !o.mac_address.empty();
  if (single && networks.size() > 1)
    return Error(Code::kInvalidArgument, std::string(!o.ip.empty() ? "--ip" : !o.ip6.empty() ? "--ip6" : "--mac-address") +
                                             " can only be set for a single network: invalid argument")
        .Hint("several networks have them as options: --network NAME:ip=ADDRESS");
  for (bridge::Attachment& network : networks) {
    std::string text = network.network;
    char separator = ':';
    const auto add = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      text += separator + std::string(key) + "=" + value;
      separator = ',';
    };
    add("ip", o.ip);
    add("ip6", o.ip6);
    add("mac", o.mac_address);
    for (const std::string& alias : o.network_alias) add("alias", alias);
    const bridge::Attachment more = TRY(bridge::ParseAttachment(text));
    for (const auto& [from, to] : {std::pair{&more.ip, &network.ip}, {&more.ip6, &network.ip6}, {&more.mac, &network.mac}})
      if (!from->empty()) *to = *from;
    network.aliases.insert(network.aliases.end(), more.aliases.begin(), more.aliases.end());
  }
  return bridge::NameInterfaces(networks);
}

Status FoldBridges(Engine& engine, const CreateOptions& o, const std::vector<std::string>& texts, ContainerSpec& spec) {
  const bridge::Catalog catalog = TRY(Networks(engine));
  spec.network_mode = "bridge";
  for (const std::string& text : texts) {
    bridge::Attachment attachment = TRY(bridge::ParseAttachment(text));
    if (attachment.network == "bridge") attachment.network = "podman";
    Result<bridge::Definition> found = catalog.Find(attachment.network);
    if (!found.ok()) return std::move(found).error().As(Code::kInvalidArgument);
    attachment.network = found->name;
    for (const bridge::Attachment& other : spec.networks)
      if (other.network == attachment.network)
        return Error(Code::kInvalidArgument, "network " + Quote(attachment.network) + " is given twice");
    spec.networks.push_back(std::move(attachment));
  }
  return FoldBridgeOptions(o, spec.networks);
}

Status FoldOther(Engine& engine, const std::string& mode, const std::string& rest, ContainerSpec& spec) {
  if (rest.empty()) return Error(Code::kInvalidArgument, "network mode " + Quote(mode) + " names nothing: it is " + mode + (mode == "ns" ? ":PATH" : ":CONTAINER"));
  if (mode == "container") {
    const state::Container owner = TRY(FindContainer(engine, rest));
    const ContainerSpec theirs = TRY(ContainerSpec::Parse(owner.spec));
    if (theirs.network_mode == "host") return Error(Code::kUnsupported, "container " + owner.name + " uses the host's network: use --network=host");
    spec.network_mode = "container:" + owner.id;
    spec.hostname = theirs.hostname;
    spec.dependencies.push_back(owner.id);
  } else {
    if (rest[0] != '/') return Error(Code::kInvalidArgument, "network namespace " + Quote(rest) + " is not an absolute path");
    spec.network_mode = "ns:" + rest;
  }
  return Ok();
}

Status FoldMode(Engine& engine, const CreateOptions& options, const config::ContainersConf& conf, ContainerSpec& spec) {
  std::vector<std::string> texts = options.network;
  if (texts.empty()) texts.push_back(conf.netns.value_or(""));
  spec.network = texts[0];
  const size_t colon = spec.network.find(':');
  const std::string mode = spec.network.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : spec.network.substr(colon + 1);
  const bool user_mode = IsUserMode(mode) || mode == network::kSlirp4netns || mode == network::kPasta, other = mode == "none" || mode == "host" || mode == "container" || mode == "ns";
  if (!user_mode && !other) return FoldBridges(engine, options, texts, spec);
  if (texts.size() > 1)
    return Error(Code::kInvalidArgument, "cannot set multiple networks without bridge network mode, selected mode " + mode);
  if (WantsBridgeOptions(options)) return Error(Code::kInvalidArgument, kOnlyBridges).Hint("name one: --network bridge");
  if (mode == "container" || mode == "ns") return FoldOther(engine, mode, rest, spec);
  if (mode == "none" || mode == "host") {
    if (!rest.empty()) return Error(Code::kInvalidArgument, "network mode " + Quote(mode) + " takes no options");
    spec.network_mode = mode;
    return Ok();
  }
  if (IsUserMode(mode)) {
    spec.network_mode = TRY(DefaultBackend(conf));
    if (!rest.empty()) Warn("options of network " + Quote(spec.network) + " are not used: the network is " + spec.network_mode);
    return Ok();
  }
  spec.network_mode = mode;
  spec.network_options = rest;
  return CheckNetworkOptions(spec, conf);
}

}  // namespace

Status FoldPorts(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  for (const std::vector<std::string>* list : {&in.image.exposed_ports, &o.expose})
    for (const std::string& text : *list) {
      TRY(network::ParseExposedPort(text));
      spec.exposed.push_back(text);
    }
  std::vector<std::string> publish = o.publish;
  spec.publish_all = o.publish_all;
  if (o.publish_all) publish.insert(publish.end(), spec.exposed.begin(), spec.exposed.end());
  if (publish.empty()) return Ok();
  const bool shared = spec.network_mode == "none" || spec.network_mode == "host" || SharesNetwork(spec);
  if (shared) {
    Warn("Port mappings have been discarded because \"" + spec.network_mode.substr(0, spec.network_mode.find(':')) +
         "\" network namespace mode does not support them");
    return Ok();
  }
  std::vector<network::PortMapping> mappings = TRY(network::ParsePortMappings(publish));
  TRY(network::ChooseHostPorts(mappings));
  for (const network::PortMapping& m : mappings) {
    TRY(CheckForward(spec, in.conf, m));
    const bool v6 = m.host_ip.find(':') != std::string::npos;
    const auto range = [&](uint16_t first) {
      return std::to_string(first) + (m.count > 1 ? "-" + std::to_string(first + m.count - 1) : "");
    };
    spec.ports.push_back((m.host_ip.empty() ? "" : (v6 ? "[" + m.host_ip + "]" : m.host_ip) + ":") +
                         range(m.host_port) + ":" + range(m.container_port) + "/" + m.protocol);
  }
  return Ok();
}

namespace {

// Whoever owns a namespace that is shared must own the container's user namespace, or be it.
Status CheckShared(const ContainerSpec& spec) {
  for (const NamespaceMode& ns : NamespaceModes()) {
    const std::string& mode = spec.*ns.mode;
    const std::string option = ns.flag == CLONE_NEWNET ? "network" : ns.flag == CLONE_NEWCGROUP ? "cgroupns" : ns.type;
    if (SharesUsers(spec) && (mode == "bridge" || (IsShared(mode) && mode != spec.userns_mode)))
      return Error(Code::kUnsupported, "--userns=" + spec.userns_mode + " can't be used with --" + option + "=" + mode + ": the " + option + " belongs to another user namespace")
          .Hint("share both of the same container, or use a " + option + " of the container's own");
    // Below the owner's user namespace their file systems, /proc and /dev/mqueue, can't be mounted.
    if (!spec.id_mappings.empty() && IsShared(mode) && (ns.flag == CLONE_NEWPID || ns.flag == CLONE_NEWIPC))
      return Error(Code::kUnsupported, "--" + option + "=" + mode + " can't be used with ids mapped in another way than its owner has them")
          .Hint("share the user namespace as well: --userns=" + mode);
  }
  return Ok();
}

}  // namespace

Status FoldNetwork(Engine& engine, const CreateOptions& o, ContainerSpec& spec) {
  const config::ContainersConf& conf = *TRY(engine.Conf());
  TRY(FoldMode(engine, o, conf, spec));
  TRY(FoldNamespaces(engine, o, spec));
  TRY(CheckShared(spec));
  spec.publishes = !o.publish.empty() || o.publish_all;
  spec.no_hostname = o.no_hostname;
  spec.no_hosts = o.no_hosts || conf.no_hosts.value_or(false);
  spec.hosts_file = !o.hosts_file.empty() ? o.hosts_file : conf.base_hosts_file.value_or("");
  spec.add_host = o.add_host;
  const auto list = [](const std::vector<std::string>& typed, const config::ContainersConf::List& configured) {
    return typed.empty() ? configured.value_or(std::vector<std::string>{}) : typed;
  };
  spec.dns = list(o.dns, conf.dns_servers);
  spec.dns_search = list(o.dns_search, conf.dns_searches);
  spec.dns_option = list(o.dns_option, conf.dns_options);
  const bool none = std::find(spec.dns.begin(), spec.dns.end(), "none") != spec.dns.end();
  if (!none) TRY(network::CheckDns(spec.dns, spec.dns_search, spec.dns_option));
  for (const std::string& text : spec.add_host) TRY(network::ParseAddHost(text));
  return Ok();
}

}  // namespace ctool::engine
