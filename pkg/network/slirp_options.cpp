// SPDX-License-Identifier: Apache-2.0
#include <net/if.h>

#include "base/text.hpp"
#include "network/address.hpp"
#include "network/slirp4netns.hpp"
#include "sys/child.hpp"

namespace ctool::network {
namespace {

constexpr std::string_view kMode = "slirp4netns";

Error Invalid(std::string_view option, std::string_view value, const std::string& hint) {
  return Error(Code::kInvalidArgument,
               "invalid " + std::string(option) + " " + Quote(value) + " for slirp4netns")
      .Hint(hint);
}

struct Network {
  uint32_t base = 0;
  int prefix = 0;
};

// slirp4netns puts the container at +100 and wants the network's own address here.
std::optional<Network> ParseCidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<uint32_t> base = ParseIpv4(text.substr(0, slash));
  const std::optional<uint64_t> prefix = ParseUint(text.substr(slash + 1));
  if (!base || !prefix || *prefix < 8 || *prefix > 25) return std::nullopt;
  if ((*base & (0xFFFFFFFFu >> *prefix)) != 0) return std::nullopt;
  return Network{*base, static_cast<int>(*prefix)};
}

Status SetBool(std::string_view option, std::string_view value, bool& to) {
  if (value != "true" && value != "false")
    return Error(Code::kInvalidArgument,
                 "invalid value of " + std::string(option) + " for slirp4netns: " + Quote(value))
        .Hint("true or false");
  to = value == "true";
  return Ok();
}

Status SetOutbound(std::string_view option, std::string_view value, Family family,
                   std::string& to) {
  const std::string name(value);
  const bool known = AddressFamily(name) == family ? IsOwnAddress(name, family)
                                                   : name.size() < IFNAMSIZ && ::if_nametoindex(name.c_str()) != 0;
  if (!known)
    return Invalid(option, value, "give an address of this host or the name of an interface");
  to = name;
  return Ok();
}

Status SetOption(std::string_view text, SlirpOptions& options) {
  const size_t equals = text.find('=');
  const std::string_view option = text.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  if (equals != std::string_view::npos) {
    if (option == "allow_host_loopback") return SetBool(option, value, options.allow_host_loopback);
    if (option == "enable_ipv6") return SetBool(option, value, options.enable_ipv6);
    if (option == "disable_dns") return SetBool(option, value, options.disable_dns);
    if (option == "outbound_addr")
      return SetOutbound(option, value, Family::kIpv4, options.outbound_addr);
    if (option == "outbound_addr6")
      return SetOutbound(option, value, Family::kIpv6, options.outbound_addr6);
    if (option == "port_handler") {
      options.forwards_ports = value == "slirp4netns";
      if (options.forwards_ports || value == "rootlesskit") return Ok();
      return Error(Code::kInvalidArgument, "unknown port_handler for slirp4netns: " + Quote(value));
    }
    if (option == "cidr") {
      if (!ParseCidr(value))
        return Invalid(option, value, "an IPv4 network from /8 to /25, like 10.0.2.0/24");
      options.cidr = std::string(value);
      options.cidr_given = true;
      return Ok();
    }
    if (option == "mtu") {
      const std::optional<uint64_t> mtu = ParseUint(value);
      if (!mtu || *mtu < 68 || *mtu > 65521) return Invalid(option, value, "68 to 65521");
      options.mtu = static_cast<int>(*mtu);
      return Ok();
    }
  }
  return Error(Code::kInvalidArgument, "unknown option for slirp4netns: " + Quote(text))
      .Hint(
          "options: cidr, mtu, allow_host_loopback, enable_ipv6, disable_dns, outbound_addr, "
          "outbound_addr6, port_handler");
}

}  // namespace

Result<SlirpOptions> ParseSlirpNetwork(std::string_view network,
                                       const std::vector<std::string>& conf_options) {
  SlirpOptions options;
  std::vector<std::string> all = conf_options;
  if (network.size() > kMode.size() && StartsWith(network, std::string(kMode) + ":")) {
    for (std::string& option : Split(network.substr(kMode.size() + 1), ','))
      all.push_back(std::move(option));
  } else if (network != kMode) {
    return Error(Code::kInvalidArgument, "network mode " + Quote(network) + " is not slirp4netns");
  }
  for (const std::string& option : all) TRY(SetOption(option, options));
  if (!options.outbound_addr6.empty() && !options.enable_ipv6)
    return Error(Code::kInvalidArgument, "enable_ipv6=true is required for outbound_addr6");
  return options;
}

Result<std::string> FindSlirp(const std::string& configured,
                              const std::vector<std::string>& directories) {
  if (!configured.empty()) return sys::FindProgram(configured, sys::ProgramPath());
  std::string path = Join(directories, ":");
  path += (path.empty() ? "" : ":") + sys::ProgramPath();
  Result<std::string> found = sys::FindProgram("slirp4netns", path);
  if (found.ok()) return found;
  return Error(Code::kNotFound, "slirp4netns is not installed")
      .Hint(
          "install it ('apt install slirp4netns', 'dnf install slirp4netns'), or use "
          "--network=host or --network=none; see: ctool doctor");
}

Result<std::vector<std::string>> SlirpCommand(const std::string& program,
                                              const SlirpOptions& options,
                                              const std::string& api_socket) {
  std::vector<std::string> command = {program, "--configure",
                                      "--mtu=" + std::to_string(options.mtu), "--enable-sandbox",
                                      "--enable-seccomp"};
  if (options.cidr != SlirpOptions().cidr) command.push_back("--cidr=" + options.cidr);
  if (!options.allow_host_loopback) command.push_back("--disable-host-loopback");
  if (options.enable_ipv6) command.push_back("--enable-ipv6");
  if (options.disable_dns) command.push_back("--disable-dns");
  if (!options.outbound_addr.empty()) command.push_back("--outbound-addr=" + options.outbound_addr);
  if (!options.outbound_addr6.empty())
    command.push_back("--outbound-addr6=" + options.outbound_addr6);
  if (!api_socket.empty()) command.push_back("--api-socket=" + api_socket.substr(api_socket.rfind('/') + 1));
  return command;
}

Result<Backend> SlirpBackend(const std::string& program, const SlirpOptions& options, const std::string& api_socket) {
  Backend backend;
  backend.name = kSlirp4netns;
  backend.command = TRY(SlirpCommand(program, options, api_socket));
  backend.api_socket = api_socket;
  const Network network = ParseCidr(options.cidr).value_or(Network{0x0A000200, 24});
  backend.address = FormatIpv4(network.base + 100);
  backend.gateway = FormatIpv4(network.base + 2);
  backend.prefix = network.prefix;
  if (!options.disable_dns) backend.dns = FormatIpv4(network.base + 3);
  backend.host_address = HostAddress();
  backend.ipv6 = options.enable_ipv6;
  return backend;
}

}  // namespace ctool::network
