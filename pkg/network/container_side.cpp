// SPDX-License-Identifier: Apache-2.0
#include "network/container_side.hpp"

#include <fcntl.h>
#include <linux/in6.h>
#include <netinet/tcp.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "network/loopback.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

// Arbitrary: a container's own rules are unlikely to use them.
constexpr uint32_t kMark = 0x63740001, kMarkedTable = 0x63740001, kAnswersTable = 0x63740002;
constexpr uint32_t kMarkedPriority = 100, kAnswersPriority = 101;  // behind the table of local addresses (0)
constexpr char kGateway6[] = "fd00::2";                            // slirp4netns' own, always
constexpr char kInterface[] = "tap0";

Status WriteSysctl(const std::string& path) {
  const sys::Fd file = TRY(sys::Open(path, O_WRONLY));
  return sys::WriteAll(file.get(), "1", path);
}

void Set(const sys::Fd& fd, int level, int option, int value) {
  ::setsockopt(fd.get(), level, option, &value, sizeof value);
}

// A socket that has `from`. Without one errno says why.
sys::Fd Bound(const Endpoint& from, int type) {
  sys::Fd fd(::socket(from.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  Set(fd, SOL_SOCKET, SO_MARK, static_cast<int>(kMark));
  if (from.ipv4())
    Set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
  else
    Set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
  if (type == SOCK_STREAM) {
    Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    Set(fd, SOL_SOCKET, SO_REUSEADDR, 1);  // a connection of the client that has just ended
    if (from.port == 0) Set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  }
  sockaddr_storage address;
  const socklen_t length = from.Fill(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) < 0) fd.Reset();
  return fd;
}

bool IsTakenThere(int err) { return err == EADDRINUSE || err == EADDRNOTAVAIL || err == EACCES; }

}  // namespace

std::optional<Endpoint> ParseOwnAddress6(std::string_view if_inet6, std::string_view interface) {
  constexpr unsigned kUnusable = 0x40 | 0x08;  // tentative, a duplicate (IFA_F_*)
  for (const std::string& line : Split(if_inet6, '\n')) {
    std::vector<std::string> words;
    for (std::string& word : Split(line, ' '))
      if (!word.empty()) words.push_back(std::move(word));
    if (words.size() != 6 || words[5] != interface || words[0].size() != 32 || words[3] != "00") continue;
    if ((std::strtoul(words[4].c_str(), nullptr, 16) & kUnusable) != 0) continue;
    std::string text;
    for (size_t i = 0; i < 32; i += 4) text += (i == 0 ? "" : ":") + words[0].substr(i, 4);
    if (const std::optional<Endpoint> address = Endpoint::Parse(text); address && !address->ipv4()) return address;
  }
  return std::nullopt;
}

Result<ContainerSide> ContainerSide::Make(const ContainerPlace& place, const std::vector<PortMapping>& ports,
                                          RouteSocket host) {
  ContainerSide side(place, std::move(host), TRY(RouteSocket::Open()));
  if (const int err = BringLoopbackUp(); err != 0)
    return Error::Sys(err, "bring up the container's loopback interface");
  Status marked = side.ReturnMarked(AF_INET);
  if (marked.ok() && place.ipv6) marked = side.ReturnMarked(AF_INET6);
  if (!marked.ok()) {
    // /proc/sys may be closed to us, in a container for instance.
    Debug("clients of published ports are shown as the gateway: " + marked.error().Message());
    side.keeps_tcp_clients_ = false;
    TRY(side.ReturnAnswers(ports, "tcp"));
    TRY(side.inside_.Apply(LocalRoute{kAnswersTable, AF_INET, place.gateway, std::nullopt}));
    side.place_.ipv6 = false;
  }
  TRY(side.ReturnAnswers(ports, "udp"));
  return side;
}

Status ContainerSide::ReturnMarked(int family) {
  // The answers to what is marked: of a listener, and of nobody (a reset, an ICMP error).
  TRY(WriteSysctl(family == AF_INET ? "/proc/sys/net/ipv4/fwmark_reflect" : "/proc/sys/net/ipv6/fwmark_reflect"));
  if (family == AF_INET) TRY(WriteSysctl("/proc/sys/net/ipv4/tcp_fwmark_accept"));
  RouteRule rule;
  rule.family = family;
  rule.priority = kMarkedPriority;
  rule.table = kMarkedTable;
  rule.mark = kMark;
  TRY(inside_.Apply(rule));
  return inside_.Apply(LocalRoute{kMarkedTable, family, std::nullopt, std::nullopt});
}

Status ContainerSide::ReturnAnswers(const std::vector<PortMapping>& ports, const char* protocol) {
  RouteRule rule;
  rule.priority = kAnswersPriority;
  rule.table = kAnswersTable;
  rule.protocol = std::string_view(protocol) == "udp" ? IPPROTO_UDP : IPPROTO_TCP;
  for (const PortMapping& mapping : ports) {
    if (mapping.protocol != protocol) continue;
    rule.first_port = mapping.container_port;
    rule.last_port = static_cast<uint16_t>(mapping.container_port + mapping.count - 1);
    for (const int family : {AF_INET, AF_INET6}) {
      if (family == AF_INET6 && !place_.ipv6) continue;
      rule.family = family;
      TRY(inside_.Apply(rule));
    }
  }
  return Ok();
}

std::optional<Endpoint> ContainerSide::OwnAddress6() {
  if (!place_.ipv6 || address6_) return address6_;
  const Result<std::string> text = sys::ReadFile("/proc/self/net/if_inet6");
  if (text.ok()) address6_ = ParseOwnAddress6(*text, kInterface);
  return address6_;
}

ContainerSide::Path ContainerSide::PathOf(const Endpoint& client, uint16_t container_port, int type) {
  const std::optional<Endpoint> six = client.ipv4() ? std::nullopt : OwnAddress6();
  Path path{client, six ? *six : place_.address};
  path.to.port = container_port;
  const bool unfit = path.from.family() != path.to.family() || path.from.SameAddress(path.to) ||
                     IN6_IS_ADDR_LINKLOCAL(&client.ip) || (type == SOCK_STREAM && !keeps_tcp_clients_);
  if (unfit || host_.IsOwnAddress(client)) {
    path.from = six ? *Endpoint::Parse(kGateway6) : place_.gateway;
    path.from.port = client.port;
  }
  return path;
}

sys::Fd ContainerSide::Connect(const Path& path, int type) const {
  Endpoint from = path.from;
  sockaddr_storage to;
  const socklen_t length = path.to.Fill(to);
  for (;;) {
    sys::Fd fd = Bound(from, type);
    if (fd && (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), length) == 0 || errno == EINPROGRESS))
      return fd;
    // Somebody in there has the client's port: it gets another.
    if (from.port == 0 || !IsTakenThere(errno)) return sys::Fd();
    from.port = 0;
  }
}

// The sender's address is ours to say: that of a route to oneself would be the client's.
LocalRoute ContainerSide::WayBack(const Path& path) {
  LocalRoute route{kAnswersTable, path.from.family(), path.from, path.to};
  return route;
}

Status ContainerSide::OpenWayBack(const Path& path) {
  unsigned& users = ways_back_[std::string(reinterpret_cast<const char*>(path.from.bytes()), path.from.size())];
  if (users == 0) TRY(inside_.Apply(WayBack(path)));
  ++users;
  return Ok();
}

void ContainerSide::CloseWayBack(const Path& path) {
  const auto at = ways_back_.find(std::string(reinterpret_cast<const char*>(path.from.bytes()), path.from.size()));
  if (at == ways_back_.end() || --at->second > 0) return;
  ways_back_.erase(at);
  const Status closed = inside_.Apply(WayBack(path), Change::kRemove);
  if (!closed.ok()) Debug(closed.error().Message());
}

}  // namespace ctool::network
