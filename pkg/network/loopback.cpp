// SPDX-License-Identifier: Apache-2.0
#include "network/loopback.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ctool::network {

int BringLoopbackUp() noexcept {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int err = ::ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? errno : 0;
  ::close(fd);
  return err;
}

}  // namespace ctool::network
