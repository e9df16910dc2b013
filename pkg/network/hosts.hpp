// SPDX-License-Identifier: Apache-2.0
//
// The text of a container's /etc/hosts and /etc/resolv.conf. Except for ReadHostResolvConf these
// are functions of their arguments: who reads and writes the files is the caller's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::network {

struct HostsEntry {
  std::string ip;
  std::vector<std::string> names;
};

// One --add-host: "name:ip", "name;name2:ip", "name:host-gateway". kInvalidArgument with podman's
// texts: `bad format for add-host`, `invalid IP address in add-host`.
Result<HostsEntry> ParseAddHost(std::string_view text);

struct HostsInput {
  std::vector<std::string> add_host;  // as typed
  // What base_hosts_file names: the host's /etc/hosts, the image's, another file, or nothing.
  // Comments and lines that are no entry are left out.
  std::string base;
  // For "host.containers.internal host.docker.internal" and host-gateway; empty: no such line, and
  // host-gateway is an error.
  std::string internal_ip;
  // The container's own addresses with its host name and name. A name that came before (from
  // add_host or base) is not given a second meaning.
  std::vector<HostsEntry> own;
};
// The order is podman's: add_host, base, "127.0.0.1 localhost", "::1 localhost", the internal line,
// the container's own. An address and its names are separated by a tab, names by a blank.
// kInvalidArgument for names and addresses that would not stay on their line.
Result<std::string> MakeHosts(const HostsInput& input);

struct ResolvConfInput {
  std::string host;         // the host's file, see ReadHostResolvConf
  bool own_network = true;  // false: the host's network namespace, its servers as they are
  bool ipv6 = false;        // an own network where IPv6 servers can be reached
  std::vector<std::string> forwarders;  // servers of the network itself (10.0.2.3), they go first
  // A network whose own server answers container names leaves the host's search domains out: with
  // them a container's name that does not exist (any more) is asked for outside (CVE-2025-8283).
  bool host_searches = true;
  std::vector<std::string> dns, searches, options;  // --dns, --dns-search, --dns-option
};
// --dns replaces servers (forwarders too), --dns-search and --dns-option replace theirs, the search
// domain "." means none. Loopback servers and, without ipv6, IPv6 servers are dropped from the
// host's in an own network; when nothing is left, 8.8.8.8 and 8.8.4.4. `--dns none` is the caller's
// case: it keeps the image's file. kInvalidArgument: "X is not an ip address".
Result<std::string> MakeResolvConf(const ResolvConfInput& input);

// The host's resolver configuration: /etc/resolv.conf, or, when its only server is the stub of
// systemd-resolved (127.0.0.53) or NetworkManager (127.0.0.1), the file that names the real ones.
// Missing: empty.
Result<std::string> ReadHostResolvConf();
Result<std::string> ReadHostResolvConf(const std::string& etc, const std::string& systemd,
                                       const std::string& network_manager);

// Does the sandbox of slirp4netns, a root folder with /etc and /run alone, have the host's resolv.conf? Not where it is a
// link to elsewhere (/mnt/wsl/resolv.conf): then its forwarder answers nothing.
bool IsResolvConfInSandbox(const std::string& path = "/etc/resolv.conf");

// The name servers of a resolv.conf.
std::vector<std::string> NameServers(std::string_view resolv_conf);

// Checks one --dns, --dns-search, --dns-option each, before anything is made.
Status CheckDns(const std::vector<std::string>& dns, const std::vector<std::string>& searches,
                const std::vector<std::string>& options);

}  // namespace ctool::network
