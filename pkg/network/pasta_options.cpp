// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "network/address.hpp"
#include "network/host_routes.hpp"
#include "network/pasta.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

constexpr size_t kMaxProgram = 8 << 20;  // pasta has 0.3 MiB

// What ties it to the container and to us.
constexpr std::string_view kOurs[] = {"--netns",      "--netns-only", "--userns", "--no-netns-quit", "-f", "--foreground",
                                      "-P",           "--pid",        "--runas",  "-F",              "--fd",
                                      "-s",           "--socket",     "--vhost-user", "--config-net", "-q", "--quiet",
                                      "-d",           "--debug",      "--trace",  "-h", "--help",    "--version"};

std::string Cut(std::string_view address) { return std::string(address.substr(0, address.find('/'))); }

void SetFamily(const std::string& address, std::string& ipv4, std::string& ipv6) {
  const std::optional<Family> family = AddressFamily(address);
  if (family) (*family == Family::kIpv4 ? ipv4 : ipv6) = address;
}

// One option, and its value when it has one.
void Note(std::string_view name, const std::string& value, PastaOptions& options) {
  const auto is = [&](std::string_view letter, std::string_view word) { return name == letter || name == word; };
  if (is("-4", "--ipv4-only")) options.ipv6 = false;
  else if (is("-6", "--ipv6-only")) options.ipv4 = false;
  else if (is("-T", "--tcp-ns")) options.tcp_ns = true;
  else if (is("-U", "--udp-ns")) options.udp_ns = true;
  else if (is("-a", "--address")) SetFamily(Cut(value), options.address, options.address6);
  else if (is("-g", "--gateway")) SetFamily(value, options.gateway, options.gateway6);
  else if (is("-i", "--interface")) options.interface = value;
  else if (name == "--dns-forward") {
    options.gives_dns_forward = true;
    options.dns_forward = AddressFamily(value) ? value : "";
  } else if (name == "--map-guest-addr") {
    options.gives_guest_address = true;
    options.guest_address = AddressFamily(value) ? value : "";
  }
}

Status AddOptions(const std::vector<std::string>& words, PastaOptions& options) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const size_t equals = StartsWith(word, "--") ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    if (word.size() < 2 || word[0] != '-' || word == "--")
      return Error(Code::kInvalidArgument, "invalid option for pasta: " + Quote(word))
          .Hint("write pasta's own options, separated by commas: --network pasta:--mtu,1500");
    if (std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs))
      return Error(Code::kInvalidArgument, "option " + Quote(name) + " of pasta can't be given: it is set for each container");
    std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    const bool next_is_value = equals == std::string::npos && i + 1 < words.size() &&
                               (words[i + 1].empty() || words[i + 1][0] != '-');
    if (name == "--map-gw" || name == "--no-map-gw") {  // the first is podman's word, pasta has only the second
      options.map_gateway = name == "--map-gw";
      continue;
    }
    options.arguments.push_back(word);
    if (next_is_value) options.arguments.push_back(value = words[++i]);
    Note(name, value, options);
  }
  return Ok();
}

// Is this pasta young enough for an option? Its help is in the program; running it for that costs more than the start.
bool Knows(const std::string& program, std::string_view option) {
  const Result<std::string> text = sys::ReadFile(program, kMaxProgram);
  return text.ok() && text->find(option) != std::string::npos;
}

void Predict(const PastaOptions& options, Family family, std::string& address, std::string& gateway, int& prefix) {
  const std::optional<DefaultRoute> route = HostDefaultRoute(family);
  if (!route && options.interface.empty()) return;
  const std::optional<InterfaceAddress> own =
      AddressOfInterface(options.interface.empty() ? route->interface : options.interface, family);
  if (!own) return;
  const bool four = family == Family::kIpv4;
  const std::string& given = four ? options.address : options.address6;
  const std::string& given_gateway = four ? options.gateway : options.gateway6;
  address = given.empty() ? own->address : given;
  prefix = own->prefix;
  gateway = !given_gateway.empty() ? given_gateway : route ? route->gateway : "";
}

}  // namespace

Result<PastaOptions> ParsePastaNetwork(std::string_view network, const std::vector<std::string>& conf_options) {
  PastaOptions options;
  TRY(AddOptions(conf_options, options));
  const size_t colon = network.find(':');
  if (network.substr(0, colon) != kPasta)
    return Error(Code::kInvalidArgument, "network mode " + Quote(network) + " is not pasta");
  if (colon != std::string_view::npos && colon + 1 < network.size())
    TRY(AddOptions(Split(network.substr(colon + 1), ','), options));
  if (!options.ipv4 && !options.ipv6)
    return Error(Code::kInvalidArgument, "--ipv4-only and --ipv6-only of pasta exclude each other");
  return options;
}

Result<std::string> FindPasta(const std::vector<std::string>& directories) {
  std::string path = Join(directories, ":");
  path += (path.empty() ? "" : ":") + sys::ProgramPath();
  Result<std::string> found = sys::FindProgram(kPasta, path);
  if (found.ok()) return found;
  return Error(Code::kNotFound, "pasta is not installed")
      .Hint("install it ('apt install passt', 'dnf install passt'), or use --network=slirp4netns; see: ctool doctor");
}

Backend PastaBackend(const std::string& program, const PastaOptions& options) {
  Backend backend;
  backend.name = kPasta;
  if (options.ipv4) Predict(options, Family::kIpv4, backend.address, backend.gateway, backend.prefix);
  if (options.ipv6) Predict(options, Family::kIpv6, backend.address6, backend.gateway6, backend.prefix6);
  backend.ipv6 = !backend.address6.empty();
  std::vector<std::string>& command = backend.command;
  command = {program, "--config-net", "--foreground", "--quiet"};
  command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  if (!options.map_gateway) command.emplace_back("--no-map-gw");
  backend.dns = options.dns_forward;
  if (!options.gives_dns_forward && options.ipv4) {
    backend.dns = kPastaDns;
    command.insert(command.end(), {"--dns-forward", kPastaDns});
  }
  backend.host_address = options.guest_address;
  if (!options.gives_guest_address) {
    if (options.ipv4 && Knows(program, "map-guest-addr")) {
      backend.host_address = kPastaHost;
      command.insert(command.end(), {"--map-guest-addr", kPastaHost});
    } else {
      backend.host_address = HostAddress(backend.address);  // one that the container has not itself
    }
  }
  // Without these it forwards the container's ports by itself, and opens the host's loopback to the container.
  if (!options.tcp_ns) command.insert(command.end(), {"-T", "none"});
  if (!options.udp_ns) command.insert(command.end(), {"-U", "none"});
  return backend;
}

}  // namespace ctool::network
