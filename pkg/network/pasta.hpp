// SPDX-License-Identifier: Apache-2.0
//
// User-mode networking by pasta (of the passt project): the container has the host's own address, and connections are
// passed on as sockets, not as packets.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "network/backend.hpp"
#include "network/ports.hpp"

namespace ctool::network {

struct PastaOptions {
  std::vector<std::string> arguments;  // pasta's own, as they were given
  bool map_gateway = false;            // --map-gw: the gateway's address reaches the host's 127.0.0.1
  bool ipv4 = true, ipv6 = true;
  bool tcp_ns = false, udp_ns = false;  // -T, -U were given
  bool gives_dns_forward = false, gives_guest_address = false;
  std::string dns_forward, guest_address;  // the values of these two; "none" is empty
  std::string address, address6, gateway, gateway6, interface;
};

// "pasta" or "pasta:-4,--mtu,1500": a list of pasta's own options behind those of containers.conf's pasta_options.
// kInvalidArgument: a word that is no option, or an option that is ours to give (--netns, --foreground, --pid ...).
Result<PastaOptions> ParsePastaNetwork(std::string_view network, const std::vector<std::string>& conf_options);

// Path of the program: in `directories` (helper_binaries_dir), else in PATH. kNotFound "pasta is not installed".
Result<std::string> FindPasta(const std::vector<std::string>& directories);

// Name servers and the host are reached by these addresses.
inline constexpr char kPastaDns[] = "169.254.1.1", kPastaHost[] = "169.254.1.2";

// What is known of it before it starts. The addresses are those that pasta will take from the host.
Backend PastaBackend(const std::string& program, const PastaOptions& options);

// "-t 127.0.0.1/8080:80" for every mapping, and "none" for a protocol that has none.
std::vector<std::string> PastaPorts(const std::vector<PortMapping>& ports);

// StartBackend() of pasta.
Result<BackendProcess> StartPasta(const std::vector<std::string>& command, pid_t pid,
                                  const std::vector<PortMapping>& ports);

}  // namespace ctool::network
