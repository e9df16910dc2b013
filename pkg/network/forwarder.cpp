// SPDX-License-Identifier: Apache-2.0
#include "network/forwarder.hpp"

#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>

#include "base/log.hpp"
#include "network/container_side.hpp"
#include "network/event_loop.hpp"
#include "network/tcp_forward.hpp"
#include "network/udp_forward.hpp"

namespace ctool::network {
namespace {

// A connection has a socket on either side and, at worst, a pipe each way.
constexpr size_t kDescriptorsOfALink = 6;
constexpr size_t kSpareDescriptors = 32;
// A flow costs a socket, and the memory of what waits in it.
constexpr size_t kMostFlows = 4096;
// Its ids change while init becomes root of its namespace: for that moment nobody may enter by it.
constexpr int kEnterAttempts = 200;

// Returns how many descriptors we may have.
size_t RaiseLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit.rlim_cur = limit.rlim_max;
  return static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

Status Enter(int init) {
  for (int attempt = 0;; ++attempt) {
    if (::setns(init, CLONE_NEWUSER | CLONE_NEWNET) == 0) return Ok();
    if (errno != EPERM || attempt == kEnterAttempts)
      return Error::Sys(errno, "enter the container's network namespace");
    ::poll(nullptr, 0, 1);
  }
}

// Of the rights over the container's namespaces: clients' addresses and ports as one's own, for UDP also the ways back
// to them. Before Linux 5.17 a socket's mark takes CAP_NET_ADMIN as well.
Status GiveUpRights(bool udp) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  data[0].effective = data[0].permitted = 1U << CAP_NET_RAW | 1U << CAP_NET_BIND_SERVICE;
  const uint32_t with_admin = data[0].effective | 1U << CAP_NET_ADMIN;
  if (udp) data[0].effective = data[0].permitted = with_admin;
  data[0].permitted = with_admin;
  if (::syscall(SYS_capset, &header, data) < 0) return Error::Sys(errno, "capset");
  const sys::Fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int mark = 1;
  const bool needs_admin = udp || ::setsockopt(probe.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0;
  data[0].effective = data[0].permitted = needs_admin ? with_admin : data[0].effective;
  if (::syscall(SYS_capset, &header, data) < 0) return Error::Sys(errno, "capset");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return Error::Sys(errno, "set no_new_privs");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return Error::Sys(errno, "become undumpable");
  return Ok();
}

class Lifeline : public Handler {
 public:
  void Ready(uint32_t) override { gone = true; }
  bool gone = false;
};

// The sooner of two times of which -1 is never.
int Sooner(int a, int b) { return a < 0 ? b : b < 0 ? a : std::min(a, b); }

}  // namespace

struct Forwarder::Parts {
  Parts(EventLoop its_loop, ContainerSide its_container, size_t most_links, size_t most_flows)
      : loop(std::move(its_loop)),
        container(std::move(its_container)),
        tcp(loop, container, most_links),
        udp(loop, container, most_flows) {}
  EventLoop loop;
  ContainerSide container;
  TcpForward tcp;
  UdpForward udp;
};

bool IsForwardedByUs(const Backend& backend, const std::vector<PortMapping>& ports) {
  return backend.name == kSlirp4netns && backend.api_socket.empty() && !ports.empty();
}

Forwarder::Forwarder(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Forwarder::Forwarder(Forwarder&&) noexcept = default;
Forwarder::~Forwarder() = default;

Result<Forwarder> Forwarder::Make(const Backend& backend, const std::vector<PortMapping>& ports, int init) {
  const std::optional<Endpoint> address = Endpoint::Parse(backend.address), gateway = Endpoint::Parse(backend.gateway);
  if (!address || !gateway) return Error(Code::kInternal, "the network has no address to forward ports to");
  const size_t limit = RaiseLimit();
  Result<std::vector<HostListener>> listeners = ListenHostPorts(ports);
  if (!listeners.ok()) return std::move(listeners).error().As(Code::kNotExecutable);
  RouteSocket host = TRY(RouteSocket::Open());
  TRY(Enter(init));
  ContainerSide container = TRY(ContainerSide::Make({*address, *gateway, backend.ipv6}, ports, std::move(host)));
  const bool udp = std::any_of(ports.begin(), ports.end(), [](const PortMapping& m) { return m.protocol == "udp"; });
  TRY(GiveUpRights(udp));
  const size_t used = listeners->size() + kSpareDescriptors, left = limit > used ? limit - used : 0;
  const size_t flows = udp ? std::clamp<size_t>(left / 4, 1, kMostFlows) : 1;
  const size_t links = std::max<size_t>((left - std::min(left, flows)) / kDescriptorsOfALink, 1);
  auto parts = std::make_unique<Parts>(TRY(EventLoop::Make()), std::move(container), links, flows);
  TRY(parts->tcp.Start());
  for (HostListener& listener : *listeners)
    TRY(listener.udp ? parts->udp.Listen(std::move(listener.fd), listener.container_port)
                     : parts->tcp.Listen(std::move(listener.fd), listener.container_port));
  return Forwarder(std::move(parts));
}

Status Forwarder::Run(int lifeline, const std::function<void()>& rest) {
  constexpr int kRestMs = 1000;
  Lifeline watched;
  TRY(parts_->loop.Add(lifeline, EPOLLRDHUP, &watched));
  for (bool rested = true; !watched.gone;) {
    const int pause = parts_->tcp.PauseMs();
    const int timeout = Sooner(Sooner(parts_->udp.Expire(), pause), rested ? -1 : kRestMs);
    const bool busy = TRY(parts_->loop.Turn(timeout));
    if (!busy && timeout >= kRestMs && !rested) rest();
    rested = !busy && (rested || timeout >= kRestMs);
    if (pause >= 0) parts_->tcp.EndPause();
  }
  return Ok();
}

}  // namespace ctool::network
