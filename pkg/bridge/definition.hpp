// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::bridge {

struct SubnetConfig {
  std::string subnet, gateway;           // "10.89.0.0/24", "10.89.0.1"
  std::string lease_start, lease_end;    // what --ip-range allows; empty: all
};

struct Route {
  std::string destination, gateway;
  int64_t metric = 0;  // 0: the default
};

// A user network, as podman's and netavark's JSON has it.
struct Definition {
  std::string name, id;          // id: sha256 of the name, hex
  std::string driver = "bridge";
  std::string interface;         // of the bridge: "podman1"
  std::string created;           // RFC 3339
  std::vector<SubnetConfig> subnets;
  std::vector<Route> routes;
  bool ipv6 = false, internal = false, dns = true;
  std::vector<std::string> dns_servers;  // in place of the host's, for this network's names
  std::map<std::string, std::string> labels, options, ipam_options;

  // kCorrupt: not JSON, or no name.
  static Result<Definition> Parse(std::string_view json);
  std::string Print() const;
};

// "podman", which is always there and has no file: 10.88.0.0/16 on podman0, without names.
Definition DefaultNetwork();
std::string IdOf(const std::string& name);

}  // namespace ctool::bridge
