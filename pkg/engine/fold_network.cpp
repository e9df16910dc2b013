// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/sandbox_internal.hpp"
#include "network/backend.hpp"
#include "network/hosts.hpp"
#include "network/ports.hpp"

namespace ctool::engine {
namespace {

// podman's names for "a network of its own, reached through the user's": one backend serves them.
bool IsUserMode(const std::string& mode) {
  return mode.empty() || mode == "private" || mode == "bridge" || mode == "default" ||
         mode == "podman";
}

// What serves those who ask for none in particular.
Result<std::string> DefaultBackend(const config::ContainersConf& conf) {
  const std::string name = conf.default_rootless_network_cmd.value_or("");
  if (name.empty()) return std::string(network::kSlirp4netns);
  if (name == network::kPasta || name == network::kSlirp4netns) return name;
  return Error(Code::kInvalidArgument, "invalid default_rootless_network_cmd option " + Quote(name))
      .Hint("containers.conf, [network]: pasta or slirp4netns");
}

Status FoldMode(const CreateOptions& options, const config::ContainersConf& conf, ContainerSpec& spec) {
  if (options.network.size() > 1)
    return Error(Code::kUnsupported, "more than one --network is not supported");
  spec.network = !options.network.empty() ? options.network[0] : conf.netns.value_or("");
  const size_t colon = spec.network.find(':');
  const std::string mode = spec.network.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : spec.network.substr(colon + 1);
  if (mode == "none" || mode == "host") {
    if (!rest.empty()) return Error(Code::kInvalidArgument, "network mode " + Quote(mode) + " takes no options");
    spec.network_mode = mode;
  } else if (IsUserMode(mode)) {
    spec.network_mode = TRY(DefaultBackend(conf));
    if (!rest.empty()) Warn("options of network " + Quote(spec.network) + " are not used: the network is " + spec.network_mode);
  } else if (mode == network::kSlirp4netns || mode == network::kPasta) {
    spec.network_mode = mode;
    spec.network_options = rest;
    TRY(CheckNetworkOptions(spec, conf));
  } else if (mode == "container" || mode == "ns") {
    return Error(Code::kUnsupported, "network mode " + Quote(mode) + " is not supported: use slirp4netns, pasta, none or host");
  } else {
    return Error(Code::kNotFound, "unable to find network with name or ID " + Printable(spec.network) + ": network not found")
        .As(Code::kInvalidArgument);
  }
  return Ok();
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
  if (spec.network_mode == "none" || spec.network_mode == "host") {
    Warn("Port mappings have been discarded because \"" + spec.network_mode +
         "\" network namespace mode does not support them");
    return Ok();
  }
  std::vector<network::PortMapping> mappings = TRY(network::ParsePortMappings(publish));
  TRY(network::ChooseHostPorts(mappings));
  for (const network::PortMapping& m : mappings) {
    TRY(network::CheckForward(spec.network_mode, m));
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

Status RefuseForeignNamespaces(const CreateOptions& o) {
  const auto check = [](const char* option, const std::string& mode, std::initializer_list<std::string_view> known) -> Status {
    if (mode.empty() || std::find(known.begin(), known.end(), mode) != known.end()) return Ok();
    constexpr std::string_view kWords[] = {"private", "host", "auto", "keep-id", "nomap", "shareable", "none", "pod"};
    const std::string word = mode.substr(0, mode.find(':'));
    const bool exists = word == "container" || word == "ns" || std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
    if (!exists) return Error(Code::kInvalidArgument, "unrecognized namespace mode " + Printable(mode) + " passed");
    return Error(Code::kUnsupported, std::string("--") + option + "=" + Printable(mode) + " is not supported");
  };
  TRY(check("pid", o.pid, {"private"}));
  TRY(check("ipc", o.ipc, {"private", "shareable", "none"}));
  TRY(check("uts", o.uts, {"private", "host"}));
  TRY(check("cgroupns", o.cgroupns, {"private", "host"}));
  return check("userns", o.userns, {"private", "host", ""});
}

}  // namespace

Status FoldNetwork(const CreateOptions& o, const config::ContainersConf& conf, ContainerSpec& spec) {
  TRY(RefuseForeignNamespaces(o));
  spec.pid_mode = o.pid;
  spec.ipc_mode = o.ipc;
  spec.uts_mode = o.uts;
  spec.cgroupns_mode = o.cgroupns;
  spec.userns_mode = o.userns;
  TRY(FoldMode(o, conf, spec));
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
