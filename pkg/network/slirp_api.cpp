// SPDX-License-Identifier: Apache-2.0
//
// slirp4netns(1), "API SOCKET": one request and one reply, both JSON, a connection.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/text.hpp"
#include "network/slirp4netns.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

constexpr timeval kPatience{5, 0};
constexpr size_t kMaxReply = 4096;

// By a descriptor of the folder: a socket address has 107 bytes.
Result<sys::Fd> Connect(const std::string& path) {
  const size_t slash = path.rfind('/');
  const sys::Fd folder = TRY(sys::Open(path.substr(0, slash), O_PATH | O_DIRECTORY));
  const std::string name = "/proc/self/fd/" + std::to_string(folder.get()) + path.substr(slash);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path)
    return Error(Code::kInvalidArgument, "socket path '" + path + "' is too long");
  std::memcpy(address.sun_path, name.data(), name.size());
  sys::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return Error::Sys(errno, "socket");
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    return Error::Sys(errno, "connect to slirp4netns", path);
  return fd;
}

Result<std::string> Ask(const std::string& path, const std::string& request) {
  const sys::Fd fd = TRY(Connect(path));
  // MSG_NOSIGNAL: a slirp4netns that died meanwhile is an error, not our end.
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return Error::Sys(errno, "send to slirp4netns", path);
  ::shutdown(fd.get(), SHUT_WR);
  std::string reply;
  std::array<char, 512> chunk;
  for (ssize_t n; reply.size() < kMaxReply;) {
    n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read from slirp4netns", path);
    if (n == 0) break;
    reply.append(chunk.data(), static_cast<size_t>(n));
  }
  return reply;
}

// {"error":{"desc":"..."}} gives the description, {"return":...} nothing. The texts are fixed
// strings of slirp4netns without escapes.
std::optional<std::string> ErrorOf(const std::string& reply) {
  if (reply.find("\"error\"") == std::string::npos)
    return reply.find("\"return\"") == std::string::npos
               ? std::optional<std::string>("unexpected reply " + Quote(reply.substr(0, 200)))
               : std::nullopt;
  const std::string key = "\"desc\":\"";
  const size_t at = reply.find(key);
  if (at == std::string::npos) return "error without a description";
  const size_t start = at + key.size();
  return Printable(reply.substr(start, reply.find('"', start) - start));
}

// {"return":{"id":3}}
std::optional<int64_t> IdOf(const std::string& reply) {
  const std::string key = "\"id\":";
  const size_t at = reply.find(key);
  if (at == std::string::npos) return std::nullopt;
  const size_t start = reply.find_first_of("0123456789", at + key.size());
  if (start == std::string::npos) return std::nullopt;
  return ParseInt(reply.substr(start, reply.find_first_not_of("0123456789", start) - start));
}

}  // namespace

Status AddHostForward(const std::string& api_socket, const PortMapping& mapping,
                      const std::string& container_ip, std::vector<int64_t>* ids) {
  TRY(CheckForward(kSlirp4netns, mapping));
  const std::string host_ip = mapping.host_ip.empty() ? "0.0.0.0" : mapping.host_ip;
  for (uint32_t i = 0; i < mapping.count; ++i) {
    const std::string host_port = std::to_string(mapping.host_port + i);
    // All values are numbers, addresses and protocol names that were parsed: nothing to escape.
    const std::string reply = TRY(Ask(
        api_socket, "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"" + mapping.protocol +
                        "\",\"host_addr\":\"" + host_ip + "\",\"host_port\":" + host_port +
                        ",\"guest_addr\":\"" + container_ip +
                        "\",\"guest_port\":" + std::to_string(mapping.container_port + i) + "}}"));
    if (const std::optional<std::string> problem = ErrorOf(reply))
      return Error(Code::kBusy, "publish " + host_ip + ":" + host_port + "/" + mapping.protocol +
                                    ": slirp4netns: " + *problem)
          .Hint("the port may have been taken meanwhile by another program");
    if (const std::optional<int64_t> id = IdOf(reply); id && ids != nullptr) ids->push_back(*id);
  }
  return Ok();
}

Status RemoveHostForward(const std::string& api_socket, int64_t id) {
  const std::string reply =
      TRY(Ask(api_socket, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":" + std::to_string(id) + "}}"));
  if (const std::optional<std::string> problem = ErrorOf(reply)) return Error(Code::kInternal, "slirp4netns: " + *problem);
  return Ok();
}

}  // namespace ctool::network
