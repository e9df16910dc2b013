// SPDX-License-Identifier: Apache-2.0
#include "network/udp_forward.hpp"

#include <array>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace ctool::network {
namespace {

// RFC 4787, REQ-5: not less than two minutes.
constexpr int64_t kIdleNanos = 180'000'000'000;
// So many datagrams of one socket in a row, then the others have their turn.
constexpr int kBurst = 64;

template <class Info>
bool TakeInfo(const cmsghdr* control, int level, int type, Info& info) {
  if (control->cmsg_level != level || control->cmsg_type != type) return false;
  std::memcpy(&info, CMSG_DATA(control), sizeof info);
  return true;
}

template <class Info>
void PutInfo(msghdr& message, int level, int type, const Info& info) {
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(control), &info, sizeof info);
  message.msg_controllen = CMSG_SPACE(sizeof info);
}

struct ControlSpace {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo))] = {};
};

}  // namespace

// A published port of the host.
class UdpPort : public Handler {
 public:
  UdpPort(UdpForward& of, sys::Fd socket, uint16_t port) : owner(of), fd(std::move(socket)), container_port(port) {}
  void Ready(uint32_t) override {
    for (int i = 0; i < kBurst; ++i) {
      UdpForward::Asker asker;
      const ssize_t size = Receive(asker);
      if (size < 0) return;
      owner.Forward(*this, asker, static_cast<size_t>(size));
    }
  }
  // From the address that the client asked: it would not know another.
  void Answer(const UdpForward::Asker& asker, char* data, size_t size) const {
    iovec bytes{data, size};
    ControlSpace space;
    msghdr message{};
    message.msg_name = const_cast<sockaddr_storage*>(&asker.from);
    message.msg_namelen = asker.from_size;
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = space.bytes;
    message.msg_controllen = sizeof space.bytes;
    if (asker.ipv6_socket)
      PutInfo(message, IPPROTO_IPV6, IPV6_PKTINFO, asker.at6);
    else
      PutInfo(message, IPPROTO_IP, IP_PKTINFO, asker.at4);
    // Full, or a network that has gone: a datagram may be lost.
    if (::sendmsg(fd.get(), &message, MSG_DONTWAIT) < 0 && errno != EAGAIN)
      Debug(Error::Sys(errno, "answer a datagram").Message());
  }

  UdpForward& owner;
  sys::Fd fd;
  uint16_t container_port;

 private:
  ssize_t Receive(UdpForward::Asker& asker) const {
    iovec bytes{owner.datagram_.data(), owner.datagram_.size()};
    ControlSpace space;
    msghdr message{};
    message.msg_name = &asker.from;
    message.msg_namelen = sizeof asker.from;
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = space.bytes;
    message.msg_controllen = sizeof space.bytes;
    const ssize_t size = ::recvmsg(fd.get(), &message, MSG_DONTWAIT);
    if (size < 0) return size;
    asker.from_size = message.msg_namelen;
    asker.ipv6_socket = asker.from.ss_family == AF_INET6;
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(c))) {
      TakeInfo(c, IPPROTO_IPV6, IPV6_PKTINFO, asker.at6);
      TakeInfo(c, IPPROTO_IP, IP_PKTINFO, asker.at4);
    }
    asker.at4.ipi_spec_dst = asker.at4.ipi_addr;
    // By whatever way the client is reached now; an address of a link alone has its link.
    asker.at4.ipi_ifindex = 0;
    if (!IN6_IS_ADDR_LINKLOCAL(&asker.at6.ipi6_addr)) asker.at6.ipi6_ifindex = 0;
    return size;
  }
};

// A client of a port, and the socket that stands for it in the container.
class UdpFlow : public Handler {
 public:
  UdpFlow(UdpPort& of, UdpForward::Asker who, std::string name, ContainerSide::Path way, sys::Fd socket)
      : port(of), asker(who), key(std::move(name)), path(way), fd(std::move(socket)) {}
  void Ready(uint32_t) override {
    std::vector<char>& datagram = port.owner.datagram_;
    for (int i = 0; i < kBurst; ++i) {
      const ssize_t size = ::recv(fd.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
      if (size < 0 && errno == EAGAIN) return;
      if (size < 0) continue;  // nobody listens in there: said once, and that was it
      port.owner.flows_.Find(key, MonotonicNanos());
      port.Answer(asker, datagram.data(), static_cast<size_t>(size));
    }
  }

  UdpPort& port;
  UdpForward::Asker asker;
  std::string key;
  ContainerSide::Path path;
  sys::Fd fd;
};

UdpForward::UdpForward(EventLoop& loop, ContainerSide& container, size_t most_flows)
    : loop_(loop), container_(container), flows_(most_flows, kIdleNanos) {}

UdpForward::~UdpForward() = default;

Status UdpForward::Listen(sys::Fd socket, uint16_t container_port) {
  datagram_.resize(kLargest);
  const int on = 1;
  // One of the two is the socket's own.
  ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  ::setsockopt(socket.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  ports_.push_back(std::make_unique<UdpPort>(*this, std::move(socket), container_port));
  return loop_.Add(ports_.back()->fd.get(), EPOLLIN, ports_.back().get());
}

void UdpForward::Forward(UdpPort& port, const Asker& asker, size_t size) {
  std::string key(reinterpret_cast<const char*>(&asker.from), asker.from_size);
  key.append(reinterpret_cast<const char*>(&asker.at6.ipi6_addr), sizeof asker.at6.ipi6_addr);
  key.append(reinterpret_cast<const char*>(&asker.at4.ipi_addr), sizeof asker.at4.ipi_addr);
  const int socket = port.fd.get();
  key.append(reinterpret_cast<const char*>(&socket), sizeof socket);
  UdpFlow* flow = flows_.Find(key, MonotonicNanos());
  const std::shared_ptr<UdpFlow> opened = flow == nullptr ? Open(port, asker, key) : nullptr;
  if (opened) flow = opened.get();
  // What can't be delivered is lost, as datagrams are. An error may be the answer to the one before.
  for (int attempt = 0; flow != nullptr && attempt < 2; ++attempt)
    if (::send(flow->fd.get(), datagram_.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != ECONNREFUSED)
      return;
}

std::shared_ptr<UdpFlow> UdpForward::Open(UdpPort& port, const Asker& asker, const std::string& key) {
  const ContainerSide::Path path = container_.PathOf(Endpoint::From(asker.from), port.container_port, SOCK_DGRAM);
  sys::Fd fd = container_.Connect(path, SOCK_DGRAM);
  if (!fd) {
    Debug(Error::Sys(errno, "open a socket in the container").Message());
    return nullptr;
  }
  if (const Status way = container_.OpenWayBack(path); !way.ok()) {
    Debug(way.error().Message());
    return nullptr;
  }
  auto flow = std::make_shared<UdpFlow>(port, asker, key, path, std::move(fd));
  if (const Status added = loop_.Add(flow->fd.get(), EPOLLIN, flow.get()); !added.ok()) {
    container_.CloseWayBack(path);
    return nullptr;
  }
  Drop(flows_.Insert(key, flow, MonotonicNanos()));
  return flow;
}

void UdpForward::Drop(const std::shared_ptr<UdpFlow>& flow) {
  if (!flow) return;
  container_.CloseWayBack(flow->path);
  flow->fd.Reset();
  loop_.Bury(flow);
}

int UdpForward::Expire() {
  const int64_t now = MonotonicNanos();
  while (const std::shared_ptr<UdpFlow> idle = flows_.TakeIdle(now)) Drop(idle);
  const int64_t left = flows_.NanosUntilIdle(now);
  return left < 0 ? -1 : static_cast<int>(left / 1'000'000) + 1;
}

}  // namespace ctool::network
