// SPDX-License-Identifier: Apache-2.0
#include "monitor/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "base/log.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {
namespace {

Status Send(const std::string& path, const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error(Code::kInvalidArgument, "NOTIFY_SOCKET is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // a name that is no file
  const sys::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::Sys(errno, "socket");
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), length) < 0)
    return Error::Sys(errno, "send to", path);
  return Ok();
}

}  // namespace

void TellSystemd(const Config& config) {
  if (config.notify_socket.empty()) return;
  const std::string pid = "MAINPID=" + std::to_string(::getpid());
  const Status sent = Send(config.notify_socket, config.notify_ready ? pid + "\nREADY=1" : pid);
  if (!sent.ok()) Warn("the service manager is not told of the container: " + sent.error().Message());
}

}  // namespace ctool::monitor
