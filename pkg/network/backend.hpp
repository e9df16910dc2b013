// SPDX-License-Identifier: Apache-2.0
//
// The program that connects a container's network with the host's: slirp4netns or pasta, a process on the host side
// that holds a tap device in the container's network namespace. The monitor starts it, and it ends with the monitor,
// whatever way that goes.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "network/ports.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

inline constexpr char kSlirp4netns[] = "slirp4netns", kPasta[] = "pasta";

// Everything about it that is known before it starts.
struct Backend {
  std::string name;                  // kSlirp4netns, kPasta; empty: the network needs no program
  std::vector<std::string> command;  // without what is only known when it starts
  std::string api_socket;            // of slirp4netns: where ports are added; empty: there are none
  // Where the container is in its network. Empty: it has no address of that family (or nobody knows it yet).
  std::string address, gateway, address6, gateway6;
  int prefix = 0, prefix6 = 0;
  std::string dns;           // of the network's own forwarder to the host's name servers; empty: none
  std::string host_address;  // by which the container reaches the host; empty: it can't
  bool ipv6 = false;         // servers with IPv6 addresses can be reached
};

struct BackendProcess {
  sys::Child child;
  sys::Fd ready;  // poll this for input (and the child's pidfd), then FinishBackendStart()
  // Of slirp4netns: closing it ends it; keep it as long as the container lives. The end takes about 20 ms (the kernel
  // takes the tap device apart): who has nothing else to wait for detaches the child. pasta has none: it is killed.
  sys::Fd exit;
  sys::Fd errors;  // its stderr until it is ready
};

// Runs it on the user and network namespace of `pid`, a process of ours that is not reaped yet. The caller needs no
// privilege over them but being the owner of the user namespace; `pid` must be dumpable until the start is finished, or
// its /proc/PID/ns can't be opened (prctl(2) PR_SET_DUMPABLE). Returns at once. `ports` are pasta's to forward, those of
// slirp4netns are added when it is ready. kNotFound, kPermission with a hint: /dev/net/tun can't be used.
Result<BackendProcess> StartBackend(const Backend& backend, pid_t pid, const std::vector<PortMapping>& ports);

// Once `ready` has something to read (or hung up): success means that the interface has its address and route, and
// that ports are forwarded (pasta) or can be added (slirp4netns). Otherwise it has failed, and its last words are the
// error. Blocks until one or the other.
Status FinishBackendStart(const Backend& backend, BackendProcess& process);

// A failed start because this slirp4netns is too old to know --enable-sandbox or --enable-seccomp: the command without
// that option, for another try and a warning. Nothing: it failed otherwise.
std::optional<std::vector<std::string>> WithoutUnknownOption(const std::vector<std::string>& command,
                                                             const Error& failure);

// FinishBackendStart, and for a slirp4netns that is too old for one of its walls further starts without them, each with a
// warning: `backend` and `process` are then those of the last.
Status AwaitBackend(Backend& backend, BackendProcess& process, pid_t pid, const std::vector<PortMapping>& ports);

// What can't be done for a published port; for the time before anything is started. `any_address`: ports of IPv6 addresses as
// well, which slirp4netns itself has not. kUnsupported.
Status CheckForward(const std::string& backend, const PortMapping& mapping, bool any_address = false);

// Can /dev/net/tun be opened? kNotFound or kPermission, with what to do.
Status CheckTunDevice();

}  // namespace ctool::network
