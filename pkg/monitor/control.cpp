// SPDX-License-Identifier: Apache-2.0
#include "monitor/control.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/log.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

constexpr char kName[] = "ctl";
constexpr int kBacklog = 64;

// The address by a descriptor of the folder: sun_path holds 107 bytes only.
Result<sys::Fd> Address(const std::string& run_dir, sockaddr_un& address) {
  sys::Fd dir = TRY(sys::Open(run_dir, O_PATH | O_DIRECTORY));
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(dir.get()) + "/" + kName;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return dir;
}

Result<sys::Fd> Socket(int flags) {
  sys::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!socket) return Error::Sys(errno, "socket");
  return socket;
}

}  // namespace

Result<sys::Fd> ListenControl(const std::string& run_dir) {
  sockaddr_un address{};
  const sys::Fd dir = TRY(Address(run_dir, address));
  sys::Fd socket = TRY(Socket(SOCK_NONBLOCK));
  ::unlinkat(dir.get(), kName, 0);  // of a monitor that was killed
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
    return Error::Sys(errno, "bind the control socket in", run_dir);
  if (::listen(socket.get(), kBacklog) < 0) return Error::Sys(errno, "listen on the control socket in", run_dir);
  return socket;
}

void RemoveControl(const std::string& run_dir) {
  const Status removed = sys::RemoveTree(run_dir + "/" + kName);
  if (!removed.ok()) Debug(removed.error().Message());
}

Result<bool> AcceptControl(int listener, runtime::SyncSocket& into) {
  sys::Fd socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) return false;
  if (!socket) return Error::Sys(errno, "accept on the control socket");
  into = runtime::SyncSocket(std::move(socket));
  return true;
}

Result<runtime::SyncSocket> ConnectControl(const std::string& run_dir) {
  sockaddr_un address{};
  const sys::Fd dir = TRY(Address(run_dir, address));
  sys::Fd socket = TRY(Socket(0));
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
    return Error::Sys(errno, "connect to the container's monitor in", run_dir);
  return runtime::SyncSocket(std::move(socket));
}

}  // namespace ctool::monitor
