// SPDX-License-Identifier: Apache-2.0
//
// User-mode networking by slirp4netns: a process on the host side that holds a tap device in the
// container's network namespace. The monitor starts it and holds its exit descriptor, so that it
// ends with the monitor, whatever way that goes.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "network/ports.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

struct SlirpOptions {
  std::string cidr = "10.0.2.0/24";
  int mtu = 65520;
  bool allow_host_loopback = false;  // true: the gateway's address reaches the host's 127.0.0.1
  bool enable_ipv6 = false;
  bool disable_dns = false;
  std::string outbound_addr, outbound_addr6;  // an address or interface of the host
};

// "slirp4netns" or "slirp4netns:opt=value,...", on top of containers.conf's network_cmd_options.
// Options: cidr, mtu, allow_host_loopback, enable_ipv6, disable_dns, outbound_addr, outbound_addr6,
// port_handler (accepted; ports are always forwarded by slirp4netns itself, which keeps the
// client's address). kInvalidArgument: "unknown option for slirp4netns: ...", "invalid cidr ...".
Result<SlirpOptions> ParseSlirpNetwork(std::string_view network,
                                       const std::vector<std::string>& conf_options);

// Where everything is in the network: the container +100, gateway +2, resolver +3.
struct SlirpAddresses {
  std::string container, gateway, dns;
};
SlirpAddresses AddressesOf(const SlirpOptions& options);

// Path of the program: `configured` (containers.conf network_cmd_path) when it is not empty, else
// in `directories` (helper_binaries_dir), else in PATH. kNotFound "slirp4netns is not installed".
Result<std::string> FindSlirp(const std::string& configured,
                              const std::vector<std::string>& directories);

// The command without what is only known when it starts. `api_socket` is the path of the socket
// through which ports are added, empty for none; it must fit a socket address (107 bytes).
Result<std::vector<std::string>> SlirpCommand(const std::string& program,
                                              const SlirpOptions& options,
                                              const std::string& api_socket);

struct SlirpProcess {
  sys::Child child;
  sys::Fd ready;  // poll this for input (and the child's pidfd), then FinishSlirpStart()
  // Closing it ends slirp4netns: keep it as long as the container lives. The end takes about 20 ms
  // (the kernel takes the tap device apart): who has nothing else to wait for detaches the child.
  sys::Fd exit;
  sys::Fd errors;  // its stderr until it is ready
};

// Runs `command` on the user and network namespace of `pid`, a process of ours that is not reaped
// yet. The caller needs no privilege over them but being the owner of the user namespace; `pid`
// must be dumpable until the start is finished, or its /proc/PID/ns can't be opened (prctl(2)
// PR_SET_DUMPABLE). Returns at once. kNotFound, kPermission with a hint: /dev/net/tun can't be
// used.
Result<SlirpProcess> StartSlirp(const std::vector<std::string>& command, pid_t pid);

// Once `ready` has something to read (or hung up): success means that tap0 has its address and
// route, and that the API socket takes requests. Otherwise slirp4netns has failed, and its last
// words are the error. Blocks until one or the other.
Status FinishSlirpStart(SlirpProcess& slirp);

// A failed start because this slirp4netns is too old to know --enable-sandbox or --enable-seccomp:
// the command without that option, for another try and a warning. Nothing: it failed otherwise.
std::optional<std::vector<std::string>> WithoutUnknownOption(
    const std::vector<std::string>& command, const Error& failure);

// Can /dev/net/tun be opened? kNotFound or kPermission, with what to do.
Status CheckTunDevice();

// Has slirp4netns listen on the host's ports and pass connections to `container_ip`. The socket is
// that of SlirpCommand. kBusy: slirp4netns could not bind (its reply says no more); kUnsupported:
// IPv6 addresses and sctp.
// `ids`, if it is asked for: what RemoveHostForward takes, one for each port.
Status AddHostForward(const std::string& api_socket, const PortMapping& mapping,
                      const std::string& container_ip, std::vector<int64_t>* ids = nullptr);
Status RemoveHostForward(const std::string& api_socket, int64_t id);
// What AddHostForward would refuse as unsupported; for the time before anything is started.
Status CheckHostForward(const PortMapping& mapping);

}  // namespace ctool::network
