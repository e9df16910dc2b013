// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <climits>
#include <cstdlib>

#include "base/text.hpp"
#include "network/address.hpp"
#include "network/hosts.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

constexpr size_t kMaxResolvConf = 1 << 20;

// What resolv.conf(5) calls a directive: the words of a line.
struct Directive {
  std::string keyword;
  std::vector<std::string> values;
};

std::vector<Directive> Parse(std::string_view text) {
  std::vector<Directive> directives;
  for (const std::string& line : Split(text, '\n')) {
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    Directive directive;
    std::string clean(line.substr(0, line.find_first_of("#;")));
    std::replace_if(
        clean.begin(), clean.end(), [](char c) { return c == '\t' || c == '\r'; }, ' ');
    for (std::string& word : Split(clean, ' ')) {
      if (word.empty()) continue;
      if (directive.keyword.empty())
        directive.keyword = std::move(word);
      else
        directive.values.push_back(std::move(word));
    }
    if (!directive.values.empty()) directives.push_back(std::move(directive));
  }
  return directives;
}

struct Resolver {
  std::vector<std::string> servers, searches, options;
};

Resolver ParseResolver(std::string_view text) {
  Resolver resolver;
  for (Directive& directive : Parse(text)) {
    if (directive.keyword == "nameserver")
      resolver.servers.push_back(std::move(directive.values.front()));
    else if (directive.keyword == "search")  // the last one counts
      resolver.searches = std::move(directive.values);
    else if (directive.keyword == "options")
      resolver.options.insert(resolver.options.end(), directive.values.begin(),
                              directive.values.end());
  }
  return resolver;
}

// Can a process in a network of its own ask this server of the host's?
bool IsReachable(const std::string& server, bool ipv6) {
  const std::optional<Family> family = AddressFamily(server);
  if (!family) return false;  // also fe80::1%eth0: that link is not in the container
  return !IsLoopbackAddress(server) && (ipv6 || *family == Family::kIpv4);
}

bool IsDomain(std::string_view text) {
  if (text.empty() || text.size() > 254) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

bool IsOption(std::string_view text) {
  if (text.empty() || text.size() > 254) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::vector<std::string> ChooseServers(const ResolvConfInput& input, const Resolver& host) {
  if (!input.dns.empty()) return input.dns;
  std::vector<std::string> servers = input.forwarders;
  for (const std::string& server : host.servers)
    if (!input.own_network || IsReachable(server, input.ipv6)) servers.push_back(server);
  if (servers.empty() && input.own_network) return {"8.8.8.8", "8.8.4.4"};
  return servers;
}

}  // namespace

Status CheckDns(const std::vector<std::string>& dns, const std::vector<std::string>& searches,
                const std::vector<std::string>& options) {
  for (const std::string& server : dns)
    if (!AddressFamily(server))
      return Error(Code::kInvalidArgument, Quote(server) + " is not an ip address")
          .Hint("--dns takes an address like 192.0.2.53, or the word none alone");
  for (const std::string& domain : searches) {
    if (domain == "." && searches.size() > 1)
      return Error(Code::kInvalidArgument,
                   "cannot pass additional search domains when also specifying '.'");
    if (!IsDomain(domain))
      return Error(Code::kInvalidArgument, Quote(domain) + " is not a valid domain");
  }
  for (const std::string& option : options)
    if (!IsOption(option))
      return Error(Code::kInvalidArgument, "invalid dns option " + Quote(option));
  return Ok();
}

Result<std::string> MakeResolvConf(const ResolvConfInput& input) {
  TRY(CheckDns(input.dns, input.searches, input.options));
  const Resolver host = ParseResolver(input.host);
  std::vector<std::string> searches = input.searches;
  if (searches.empty() && input.host_searches) searches = host.searches;
  if (searches == std::vector<std::string>{"."}) searches.clear();
  const std::vector<std::string>& options = input.options.empty() ? host.options : input.options;
  std::string text;
  if (!searches.empty()) text += "search " + Join(searches, " ") + "\n";
  for (const std::string& server : ChooseServers(input, host))
    text += "nameserver " + server + "\n";
  if (!options.empty()) text += "options " + Join(options, " ") + "\n";
  return text;
}

Result<std::string> ReadHostResolvConf(const std::string& etc, const std::string& systemd,
                                       const std::string& network_manager) {
  const auto read = [](const std::string& path) -> Result<std::string> {
    Result<std::string> text = sys::ReadFile(path, kMaxResolvConf);
    if (!text.ok() && text.error().sys_errno() == ENOENT) return std::string();
    return text;
  };
  std::string text = TRY(read(etc));
  const std::vector<std::string> servers = ParseResolver(text).servers;
  if (servers.size() != 1) return text;
  std::string real;
  if (servers.front() == "127.0.0.53")
    real = TRY(read(systemd));
  else if (servers.front() == "127.0.0.1")
    real = TRY(read(network_manager));
  return real.empty() ? text : real;
}

bool IsResolvConfInSandbox(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) != nullptr && (StartsWith(real, "/etc/") || StartsWith(real, "/run/"));
}

std::vector<std::string> NameServers(std::string_view resolv_conf) { return ParseResolver(resolv_conf).servers; }

Result<std::string> ReadHostResolvConf() {
  return ReadHostResolvConf("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf",
                            "/run/NetworkManager/no-stub-resolv.conf");
}

}  // namespace ctool::network
