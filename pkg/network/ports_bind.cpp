// SPDX-License-Identifier: Apache-2.0
//
// Which ports of the host are free: the only answer that counts is the kernel's to bind(2).
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/text.hpp"
#include "network/ports.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

constexpr int kAttempts = 64;

struct BindAddress {
  sockaddr_storage address{};
  socklen_t length = 0;

  BindAddress(const std::string& ip, uint16_t port) {
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&address);
    auto* ipv4 = reinterpret_cast<sockaddr_in*>(&address);
    if (::inet_pton(AF_INET6, ip.c_str(), &ipv6->sin6_addr) == 1) {
      address.ss_family = AF_INET6;
      ipv6->sin6_port = htons(port);
      length = sizeof *ipv6;
    } else {
      address.ss_family = AF_INET;
      ipv4->sin_addr.s_addr = htonl(INADDR_ANY);
      if (!ip.empty()) ::inet_pton(AF_INET, ip.c_str(), &ipv4->sin_addr);
      ipv4->sin_port = htons(port);
      length = sizeof *ipv4;
    }
  }
};

// Which addresses a mapping without one is for.
enum class Reach { kIpv4, kBoth };

// Binds one port as a port forwarder would. Returns the socket; errno tells why not.
sys::Fd Bind(const PortMapping& mapping, uint16_t port, Reach reach = Reach::kIpv4) {
  const bool both = reach == Reach::kBoth && mapping.host_ip.empty();
  const BindAddress at(both ? "::" : mapping.host_ip, port);
  const int type = mapping.protocol == "udp" ? SOCK_DGRAM : SOCK_STREAM;
  const int protocol = mapping.protocol == "sctp" ? IPPROTO_SCTP : 0;
  sys::Fd fd(::socket(at.address.ss_family, type | SOCK_CLOEXEC, protocol));
  if (!fd) return fd;
  const int on = 1, only_ipv6 = both ? 0 : 1;
  // Without it, connections of an earlier container in TIME_WAIT would look like somebody's use.
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.address.ss_family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6, sizeof only_ipv6);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at.address), at.length) < 0) fd.Reset();
  return fd;
}

int UnprivilegedPortStart() {
  const Result<std::string> text =
      sys::ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", 64);
  const std::optional<int64_t> start = text.ok() ? ParseInt(Trim(*text)) : std::nullopt;
  return start ? static_cast<int>(*start) : 1024;
}

Error Explain(int err, const PortMapping& mapping, uint16_t port) {
  PortMapping one = mapping;
  one.count = 1;
  one.host_port = port;
  const std::string what = "publish " + ListPorts({one}).front().host + "/" + mapping.protocol;
  switch (err) {
    case EADDRINUSE:
      return Error(Code::kBusy, what + ": address already in use")
          .Hint("another program or container has this port: stop it, or publish another one");
    case EACCES: {
      const int start = UnprivilegedPortStart();
      return Error(Code::kPermission, what + ": cannot expose privileged port " +
                                          std::to_string(port) + ": permission denied")
          .Hint("allow it with 'sysctl net.ipv4.ip_unprivileged_port_start=" +
                std::to_string(port) + "' (now " + std::to_string(start) + "), or publish port " +
                std::to_string(std::max<int>(start, port < 1000 ? 8000 + port : start)) +
                " or any from " + std::to_string(start) + " on; see: ctool doctor");
    }
    case EADDRNOTAVAIL:
      return Error(Code::kInvalidArgument, what + ": this host does not have that address")
          .Hint("see 'ip address', or leave the address away to publish on all");
    default:
      return Error::Sys(err, what);
  }
}

bool IsTaken(const std::vector<PortMapping>& mappings, const PortMapping& wanted, uint32_t first) {
  return std::any_of(mappings.begin(), mappings.end(), [&](const PortMapping& other) {
    return other.host_port != 0 && other.protocol == wanted.protocol &&
           first < uint32_t{other.host_port} + other.count &&
           other.host_port < first + wanted.count;
  });
}

// Are all ports of the range from `first` on free? Errors other than "taken" are returned.
Result<bool> RangeIsFree(const PortMapping& mapping, uint32_t first) {
  for (uint32_t i = 0; i < mapping.count; ++i) {
    if (Bind(mapping, static_cast<uint16_t>(first + i))) continue;
    if (errno == EADDRINUSE || errno == EACCES) return false;
    return Explain(errno, mapping, static_cast<uint16_t>(first + i));
  }
  return true;
}

}  // namespace

Status ChooseHostPorts(std::vector<PortMapping>& mappings) {
  for (PortMapping& mapping : mappings) {
    for (int attempt = 0; mapping.host_port == 0; ++attempt) {
      if (attempt == kAttempts)
        return Error(Code::kBusy, "no " + std::to_string(mapping.count) +
                                      " consecutive free ports found on the host")
            .Hint("name the host port: -p HOSTPORT:" + std::to_string(mapping.container_port));
      sys::Fd probe = Bind(mapping, 0);  // the kernel chooses from its ephemeral range
      if (!probe) return Explain(errno, mapping, 0);
      sockaddr_storage at{};
      socklen_t length = sizeof at;
      if (::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&at), &length) < 0)
        return Error::Sys(errno, "getsockname");
      probe.Reset();
      const uint32_t first =
          ntohs(at.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&at)->sin6_port
                                         : reinterpret_cast<const sockaddr_in*>(&at)->sin_port);
      if (first + mapping.count > 65536 || IsTaken(mappings, mapping, first)) continue;
      if (TRY(RangeIsFree(mapping, first))) mapping.host_port = static_cast<uint16_t>(first);
    }
  }
  return Ok();
}

namespace {

// IPv6 has mappings of its own at these ports.
bool IsIpv6Taken(const std::vector<PortMapping>& mappings, const PortMapping& wanted) {
  return std::any_of(mappings.begin(), mappings.end(), [&](const PortMapping& m) {
    return m.host_ip.find(':') != std::string::npos && m.protocol == wanted.protocol && m.host_port < wanted.host_port + wanted.count &&
           wanted.host_port < m.host_port + m.count;
  });
}

// What accepted connections inherit.
Status Listen(const sys::Fd& fd) {
  // The container's own keep-alives end with us, who always answer: a client that has vanished is ours to find.
  constexpr int kOn = 1, kIdleSeconds = 60, kIntervalSeconds = 15, kProbes = 9;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, &kIdleSeconds, sizeof kIdleSeconds);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPINTVL, &kIntervalSeconds, sizeof kIntervalSeconds);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
  if (::listen(fd.get(), SOMAXCONN) < 0) return Error::Sys(errno, "listen");
  return Ok();
}

bool HasNoIpv6(int err) { return err == EAFNOSUPPORT || err == EADDRNOTAVAIL; }

Result<sys::Fd> ListenAt(const PortMapping& mapping, uint16_t port, Reach reach) {
  sys::Fd fd = Bind(mapping, port, reach);
  if (!fd && reach == Reach::kBoth && HasNoIpv6(errno)) fd = Bind(mapping, port);
  if (!fd) return Explain(errno, mapping, port);
  // Several may have bound a port with SO_REUSEADDR; only one listens.
  if (mapping.protocol == "tcp")
    if (const Status listening = Listen(fd); !listening.ok()) return Explain(listening.error().sys_errno(), mapping, port);
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) < 0) return Error::Sys(errno, "fcntl");
  return fd;
}

}  // namespace

Result<std::vector<HostListener>> ListenHostPorts(const std::vector<PortMapping>& mappings) {
  std::vector<HostListener> listeners;
  for (const PortMapping& mapping : mappings) {
    const Reach reach = IsIpv6Taken(mappings, mapping) ? Reach::kIpv4 : Reach::kBoth;
    for (uint32_t i = 0; i < mapping.count; ++i)
      listeners.push_back({TRY(ListenAt(mapping, static_cast<uint16_t>(mapping.host_port + i), reach)),
                           static_cast<uint16_t>(mapping.container_port + i), mapping.protocol == "udp"});
  }
  return listeners;
}

Status CheckHostPorts(const std::vector<PortMapping>& mappings) {
  for (const PortMapping& mapping : mappings) {
    for (uint32_t i = 0; i < mapping.count; ++i) {
      const auto port = static_cast<uint16_t>(mapping.host_port + i);
      if (!Bind(mapping, port)) return Explain(errno, mapping, port);
    }
  }
  return Ok();
}

}  // namespace ctool::network
