// SPDX-License-Identifier: Apache-2.0
// fetch ADDRESS PORT: the body of http://ADDRESS:PORT/, by address only (busybox's wget needs the
// name service of a libc that a static program does not have).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[2])));
  if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) return 2;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    return 1;
  }
  const char request[] = "GET / HTTP/1.0\r\n\r\n";
  if (::write(fd, request, std::strlen(request)) < 0) {
    std::perror("write");
    return 1;
  }
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
    answer.append(buffer, static_cast<size_t>(n));
  }
  const size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) {
    std::fprintf(stderr, "no answer\n");
    return 1;
  }
  std::fwrite(answer.data() + body + 4, 1, answer.size() - body - 4, stdout);
  return 0;
}
