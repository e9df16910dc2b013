// SPDX-License-Identifier: Apache-2.0
//
// User-mode networking by slirp4netns.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "network/backend.hpp"
#include "network/ports.hpp"

namespace ctool::network {

struct SlirpOptions {
  std::string cidr = "10.0.2.0/24";
  bool cidr_given = false;  // else another may be better
  int mtu = 65520;
  bool allow_host_loopback = false;  // true: the gateway's address reaches the host's 127.0.0.1
  bool enable_ipv6 = false;
  bool disable_dns = false;
  bool forwards_ports = false;  // port_handler=slirp4netns: by its own API; else we do (forwarder.hpp)
  std::string outbound_addr, outbound_addr6;  // an address or interface of the host
};

// "slirp4netns" or "slirp4netns:opt=value,...", on top of containers.conf's network_cmd_options.
// Options: cidr, mtu, allow_host_loopback, enable_ipv6, disable_dns, outbound_addr, outbound_addr6,
// port_handler (slirp4netns; rootlesskit is the default, and us). kInvalidArgument: "unknown option for slirp4netns: ...", "invalid cidr ...".
Result<SlirpOptions> ParseSlirpNetwork(std::string_view network,
                                       const std::vector<std::string>& conf_options);

// Path of the program: `configured` (containers.conf network_cmd_path) when it is not empty, else
// in `directories` (helper_binaries_dir), else in PATH. kNotFound "slirp4netns is not installed".
Result<std::string> FindSlirp(const std::string& configured,
                              const std::vector<std::string>& directories);

// The command without what is only known when it starts. `api_socket` is the path of the socket
// through which ports are added, an absolute path, empty for none. The program is told its last part only, and started in
// its folder: a socket address has 107 bytes, and a longer path would be cut short without a word.
Result<std::vector<std::string>> SlirpCommand(const std::string& program,
                                              const SlirpOptions& options,
                                              const std::string& api_socket);

// That command, and where everything is in the network: the container +100, gateway +2, resolver +3.
Result<Backend> SlirpBackend(const std::string& program, const SlirpOptions& options, const std::string& api_socket);

// StartBackend() of slirp4netns.
Result<BackendProcess> StartSlirp(const std::vector<std::string>& command, pid_t pid, const std::string& api_socket);

// Has slirp4netns listen on the host's ports and pass connections to `container_ip`. The socket is
// that of SlirpCommand. kBusy: slirp4netns could not bind (its reply says no more); kUnsupported:
// IPv6 addresses and sctp.
// `ids`, if it is asked for: what RemoveHostForward takes, one for each port.
Status AddHostForward(const std::string& api_socket, const PortMapping& mapping,
                      const std::string& container_ip, std::vector<int64_t>* ids = nullptr);
Status RemoveHostForward(const std::string& api_socket, int64_t id);

}  // namespace ctool::network
