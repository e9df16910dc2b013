// SPDX-License-Identifier: Apache-2.0
//
// answer PORT: a server for TCP and UDP on all addresses. "listening" on stdout says that it is there.
// TCP: the first byte of a connection says what is wanted: 'p', the client's address as this end sees it; 'e', everything
// that follows comes back. UDP: a datagram comes back behind the sender's address and a blank.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

int Bound(int type, uint16_t port) {
  const int fd = ::socket(AF_INET6, type | SOCK_CLOEXEC, 0);
  const int off = 0, on = 1;
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_port = htons(port);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
    std::perror("bind");
    std::exit(1);
  }
  return fd;
}

std::string Text(const sockaddr_in6& at) {
  char text[INET6_ADDRSTRLEN] = "";
  if (IN6_IS_ADDR_V4MAPPED(&at.sin6_addr)) return ::inet_ntop(AF_INET, &at.sin6_addr.s6_addr[12], text, sizeof text);
  return ::inet_ntop(AF_INET6, &at.sin6_addr, text, sizeof text);
}

bool SendAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = ::send(fd, data, size, 0);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

void Serve(int fd, const sockaddr_in6& peer) {
  char wanted = 0;
  std::vector<char> chunk(64 << 10);
  if (::read(fd, &wanted, 1) == 1) {
    const std::string who = Text(peer) + "\n";
    if (wanted == 'p') SendAll(fd, who.data(), who.size());
    if (wanted == 'e')
      for (ssize_t n; (n = ::read(fd, chunk.data(), chunk.size())) > 0 && SendAll(fd, chunk.data(), static_cast<size_t>(n));) {
      }
  }
  ::close(fd);
}

void ServeUdp(int fd) {
  std::vector<char> chunk(64 << 10);
  for (;;) {
    sockaddr_in6 peer{};
    socklen_t length = sizeof peer;
    const ssize_t n = ::recvfrom(fd, chunk.data(), chunk.size(), 0, reinterpret_cast<sockaddr*>(&peer), &length);
    if (n < 0) continue;
    const std::string reply = Text(peer) + " " + std::string(chunk.data(), static_cast<size_t>(n));
    ::sendto(fd, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), length);
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  if (argc != 2) return 2;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const int tcp = Bound(SOCK_STREAM, port), udp = Bound(SOCK_DGRAM, port);
  if (::listen(tcp, 512) != 0) return 1;
  std::thread(ServeUdp, udp).detach();
  std::puts("listening");
  std::fflush(stdout);
  for (;;) {
    sockaddr_in6 peer{};
    socklen_t length = sizeof peer;
    const int fd = ::accept4(tcp, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(Serve, fd, peer).detach();
  }
}
