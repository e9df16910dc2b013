// SPDX-License-Identifier: Apache-2.0
#include "network/ports.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "network/address.hpp"

namespace ctool::network {
namespace {

struct PortRange {
  uint16_t first = 0, count = 1;
};

Error Bad(std::string_view text, const std::string& why) {
  return Error(Code::kInvalidArgument, "invalid port " + Quote(text) + ": " + why)
      .Hint(
          "write [[IP:][HOSTPORT]:]PORT[/tcp|udp|sctp], for example 8080:80 or "
          "127.0.0.1:5000-5002:5000-5002/udp");
}

Result<uint16_t> ParsePort(std::string_view whole, std::string_view text) {
  const std::optional<int64_t> number = ParseInt(text);
  if (!number) return Bad(whole, "invalid port number: " + Quote(text));
  if (*number < 1 || *number > 65535)
    return Bad(whole, "port numbers must be between 1 and 65535 (inclusive), got " +
                          std::to_string(*number));
  return static_cast<uint16_t>(*number);
}

Result<PortRange> ParseRange(std::string_view whole, std::string_view text) {
  const std::vector<std::string> ends = Split(text, '-');
  if (ends.size() > 2) return Bad(whole, "port ranges are formatted as startPort-stopPort");
  if (ends.size() == 2 && (ends[0].empty() || ends[1].empty()))
    return Bad(whole, "a port range needs a start and an end");
  const uint16_t first = TRY(ParsePort(whole, ends[0]));
  if (ends.size() == 1) return PortRange{first, 1};
  const uint16_t last = TRY(ParsePort(whole, ends[1]));
  if (last <= first)
    return Bad(whole, "the end port of a range must be higher than the start port - " +
                          std::to_string(last) + " is not higher than " + std::to_string(first));
  return PortRange{first, static_cast<uint16_t>(last - first + 1)};
}

// Cuts "/PROTOCOL" off `rest`.
Result<std::string> TakeProtocol(std::string_view whole, std::string_view& rest) {
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::string("tcp");
  const std::string protocol = ToLower(rest.substr(slash + 1));
  rest = rest.substr(0, slash);
  if (protocol.find('/') != std::string::npos)
    return Bad(whole, "protocol can only be specified once");
  if (protocol.empty()) return Bad(whole, "must provide a non-empty protocol to publish");
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
    return Bad(whole, "unrecognized transport protocol " + Quote(protocol));
  return protocol;
}

// Cuts "IP:" off `rest`, when there is one; the result says so by not being empty.
Result<std::string> TakeAddress(std::string_view whole, std::string_view& rest) {
  std::string_view address;
  if (rest.find_first_of("[]") != std::string_view::npos) {
    const size_t close = rest.find(']');
    if (rest[0] != '[' || close == std::string_view::npos ||
        rest.find('[', 1) != std::string_view::npos)
      return Bad(whole, "IPv6 addresses must be enclosed by []");
    if (rest.substr(close + 1, 1) != ":")
      return Bad(whole, "IPv6 address must be followed by a colon (':')");
    address = rest.substr(1, close - 1);
    rest = rest.substr(close + 2);
    if (AddressFamily(address) != Family::kIpv6)
      return Bad(whole, "cannot parse " + Quote(address) + " as an IP address");
    if (std::count(rest.begin(), rest.end(), ':') != 1)
      return Bad(whole, "with an IPv6 address the format is [IPv6]:hostPort:containerPort");
  } else {
    const auto colons = std::count(rest.begin(), rest.end(), ':');
    if (colons > 2) return Bad(whole, "format is [[hostIP:]hostPort:]containerPort");
    if (colons < 2) return std::string();
    address = rest.substr(0, rest.find(':'));
    rest = rest.substr(rest.find(':') + 1);
    if (address.empty()) return Bad(whole, "must provide a non-empty container host IP to publish");
  }
  const std::optional<std::string> canonical = CanonicalAddress(address);
  if (!canonical) return Bad(whole, "cannot parse " + Quote(address) + " as an IP address");
  return *canonical;
}

bool ByHostPort(const PortMapping& a, const PortMapping& b) {
  return std::tie(a.protocol, a.host_ip, a.host_port, a.container_port) <
         std::tie(b.protocol, b.host_ip, b.host_port, b.container_port);
}

uint32_t HostEnd(const PortMapping& m) { return uint32_t{m.host_port} + m.count; }
int Offset(const PortMapping& m) { return int{m.container_port} - int{m.host_port}; }
bool IsEveryAddress(const std::string& ip) { return ip.empty() || ip == "::"; }

bool SharesHostPort(const PortMapping& a, const PortMapping& b) {
  if (a.host_port == 0 || b.host_port == 0 || a.protocol != b.protocol) return false;
  if (a.host_ip != b.host_ip && !IsEveryAddress(a.host_ip) && !IsEveryAddress(b.host_ip))
    return false;
  return a.host_port < HostEnd(b) && b.host_port < HostEnd(a);
}

}  // namespace

Result<PortMapping> ParsePortMapping(std::string_view text) {
  std::string_view rest = text;
  PortMapping mapping;
  mapping.protocol = TRY(TakeProtocol(text, rest));
  mapping.host_ip = TRY(TakeAddress(text, rest));
  if (mapping.host_ip == "0.0.0.0") mapping.host_ip.clear();
  const size_t colon = rest.find(':');
  const std::string_view inner = colon == std::string_view::npos ? rest : rest.substr(colon + 1);
  if (inner.empty()) return Bad(text, "must provide a non-empty container port to publish");
  const PortRange container = TRY(ParseRange(text, inner));
  mapping.container_port = container.first;
  mapping.count = container.count;
  if (colon == std::string_view::npos || colon == 0) return mapping;  // no host port
  const PortRange host = TRY(ParseRange(text, rest.substr(0, colon)));
  if (host.count != container.count)
    return Bad(text, "host and container port ranges have different lengths: " +
                         std::to_string(host.count) + " vs " + std::to_string(container.count));
  mapping.host_port = host.first;
  return mapping;
}

Result<std::vector<PortMapping>> ParsePortMappings(const std::vector<std::string>& texts) {
  std::vector<PortMapping> parsed, joined;
  for (const std::string& text : texts) parsed.push_back(TRY(ParsePortMapping(text)));
  std::stable_sort(parsed.begin(), parsed.end(), ByHostPort);
  for (PortMapping& next : parsed) {
    PortMapping* last = joined.empty() ? nullptr : &joined.back();
    const bool neighbours = last != nullptr && next.host_port != 0 && last->host_port != 0 &&
                            last->protocol == next.protocol && last->host_ip == next.host_ip &&
                            Offset(*last) == Offset(next) && next.host_port <= HostEnd(*last);
    if (!neighbours)
      joined.push_back(std::move(next));
    else
      last->count =
          static_cast<uint16_t>(std::max(HostEnd(*last), HostEnd(next)) - last->host_port);
  }
  for (size_t i = 0; i < joined.size(); ++i)
    for (size_t k = i + 1; k < joined.size(); ++k)
      if (SharesHostPort(joined[i], joined[k]))
        return Error(Code::kInvalidArgument,
                     "conflicting port mappings for host port " +
                         std::to_string(std::max(joined[i].host_port, joined[k].host_port)) +
                         " (protocol " + joined[i].protocol + ")");
  return joined;
}

Result<PortMapping> ParseExposedPort(std::string_view text) {
  std::string_view rest = text;
  PortMapping exposed;
  exposed.protocol = TRY(TakeProtocol(text, rest));
  const PortRange range = TRY(ParseRange(text, rest));
  exposed.container_port = range.first;
  exposed.count = range.count;
  return exposed;
}

}  // namespace ctool::network
