// SPDX-License-Identifier: Apache-2.0
#include "bridge/options.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "bridge/subnet.hpp"

namespace ctool::bridge {
namespace {

Result<int64_t> Number(const std::string& key, const std::string& value, int64_t most) {
  const std::optional<int64_t> number = ParseInt(value);
  if (!number) return Error(Code::kInvalidArgument, "strconv.Atoi: parsing " + Quote(value) + ": invalid syntax");
  if (*number < 0 || *number > most)
    return Error(Code::kInvalidArgument, key + " " + value + " is not between 0 and " + std::to_string(most));
  return *number;
}

Result<bool> Bool(const std::string& value) {
  const std::string word = ToLower(value);
  if (word == "true" || word == "1" || word == "t") return true;
  if (word == "false" || word == "0" || word == "f") return false;
  return Error(Code::kInvalidArgument, "strconv.ParseBool: parsing " + Quote(value) + ": invalid syntax");
}

}  // namespace

Status SetNetworkOption(const std::string& key, const std::string& value, Definition& network) {
  if (key == "mtu" || key == "com.docker.network.driver.mtu") {
    network.options["mtu"] = std::to_string(TRY(Number(key, value, 65535)));
  } else if (key == "vlan") {
    network.options["vlan"] = std::to_string(TRY(Number(key, value, 4094)));
  } else if (key == "metric") {
    network.options["metric"] = std::to_string(TRY(Number(key, value, UINT32_MAX)));
  } else if (key == "isolate" && value == "strict") {
    network.options["isolate"] = "strict";
  } else if (key == "isolate" || key == "no_default_route") {
    network.options[key] = TRY(Bool(value)) ? "true" : "false";
  } else if (key == "com.docker.network.bridge.name") {
    network.interface = value;
  } else {
    return Error(Code::kInvalidArgument, "unsupported bridge network option " + Printable(key));
  }
  return Ok();
}

Status SetLeaseRange(const std::string& range, Definition& network) {
  const size_t dash = range.find('-');
  std::optional<Address> first, last;
  if (dash == std::string::npos) {
    const Subnet subnet = TRY(Subnet::Parse(range));
    first = subnet.First();
    // All of the range: the subnet may go on behind it.
    last = subnet.Last();
    if (Address next = *last; !subnet.v6() && (++next.value, subnet.Contains(next))) last = next;
  } else {
    first = Address::Parse(Trim(std::string_view(range).substr(0, dash)));
    last = Address::Parse(Trim(std::string_view(range).substr(dash + 1)));
    if (!first || !last || *last < *first) return Error(Code::kInvalidArgument, "invalid IP range " + Quote(range));
  }
  if (network.subnets.empty()) return Error(Code::kInvalidArgument, "cannot set gateway or range without subnet");
  SubnetConfig* home = nullptr;
  for (SubnetConfig& config : network.subnets) {
    const Subnet subnet = TRY(Subnet::Parse(config.subnet));
    if (subnet.Contains(*first) && config.lease_start.empty() && home == nullptr) home = &config;
  }
  if (home == nullptr)  // the complaint names the subnet
    home = &network.subnets.front();
  home->lease_start = first->Print();
  home->lease_end = last->Print();
  return Ok();
}

Result<Route> ParseRoute(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ',');
  const auto invalid = [&] {
    return Error(Code::kInvalidArgument, "invalid route " + Quote(text) + ": it is DESTINATION,GATEWAY[,METRIC]");
  };
  if (parts.size() < 2 || parts.size() > 3) return invalid();
  const Subnet destination = TRY(Subnet::Parse(parts[0]));
  const std::optional<Address> gateway = Address::Parse(parts[1]);
  const std::optional<int64_t> metric = parts.size() == 3 ? ParseInt(parts[2]) : 0;
  if (!gateway || gateway->v6 != destination.v6() || !metric || *metric < 0 || *metric > UINT32_MAX) return invalid();
  return Route{destination.Print(), gateway->Print(), *metric};
}

}  // namespace ctool::bridge
