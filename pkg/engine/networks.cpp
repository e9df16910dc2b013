// SPDX-License-Identifier: Apache-2.0
#include "engine/networks.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "bridge/options.hpp"
#include "bridge/subnet.hpp"
#include "engine/containers.hpp"
#include "engine/filter_time.hpp"
#include "engine/label_filter_internal.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/network_users_internal.hpp"
#include "engine/tell.hpp"
#include "sys/child.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

std::pair<std::string, std::string> KeyAndValue(const std::string& text) {
  const size_t equals = text.find('=');
  return {text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
}

Status CheckDrivers(const CreateNetworkOptions& o) {
  if (o.driver == "macvlan" || o.driver == "ipvlan")
    return Error(Code::kUnsupported, "driver " + o.driver + " is not supported: it needs an interface of the host, which only root may give away");
  if (o.driver != "bridge") return Invalid("unsupported driver " + Printable(o.driver) + ": invalid argument");
  if (o.ipam_driver == "dhcp" || o.ipam_driver == "none")
    return Error(Code::kUnsupported, o.ipam_driver + " ipam driver is not supported: addresses are chosen by ctool");
  if (!o.ipam_driver.empty() && o.ipam_driver != "host-local") return Invalid("unsupported ipam driver " + Quote(o.ipam_driver));
  return Ok();
}

Status CheckServers(const std::vector<std::string>& servers) {
  for (const std::string& server : servers)
    if (!bridge::Address::Parse(server)) return Invalid("invalid DNS server " + Quote(server) + ": it is no ip address");
  return Ok();
}

Result<bridge::Definition> Fold(const CreateNetworkOptions& o) {
  TRY(CheckDrivers(o));
  bridge::Definition network;
  network.name = o.name;
  network.interface = o.interface;
  network.internal = o.internal;
  network.dns = !o.disable_dns;
  network.ipv6 = o.ipv6;
  if (o.subnets.empty() && !(o.gateways.empty() && o.ranges.empty())) return Invalid("cannot set gateway or range without subnet");
  if (o.gateways.size() > o.subnets.size()) return Invalid("there are more gateways than subnets");
  for (size_t i = 0; i < o.subnets.size(); ++i)
    network.subnets.push_back({o.subnets[i], i < o.gateways.size() ? o.gateways[i] : "", "", ""});
  for (const std::string& range : o.ranges) TRY(bridge::SetLeaseRange(range, network));
  if (!o.dns.empty() && o.disable_dns) return Invalid("cannot set --dns and --disable-dns");
  TRY(CheckServers(o.dns));
  network.dns_servers = o.dns;
  for (const std::string& text : o.routes) network.routes.push_back(TRY(bridge::ParseRoute(text)));
  for (const std::string& text : o.options) {
    const auto [key, value] = KeyAndValue(text);
    TRY(bridge::SetNetworkOption(key, value, network));
  }
  for (const std::string& text : o.labels) {
    const auto [key, value] = KeyAndValue(text);
    if (key.empty()) return Invalid("invalid label " + Quote(text));
    network.labels[key] = value;
  }
  return network;
}

// What an old netavark passes over in silence is refused.
Status CheckNetavark(Engine& engine, const bridge::Definition& network) {
  const bool default_route = network.options.count("no_default_route") == 0 || network.options.at("no_default_route") == "false";
  if (network.routes.empty() && default_route) return Ok();
  sys::SpawnOptions options;
  options.argv = {TRY(FindNetavark(engine, false)).program, "--version"};
  const sys::Captured said = TRY(sys::RunCaptured(std::move(options)));
  const std::string version(Trim(said.out));  // "netavark 1.4.0"
  const std::vector<std::string> parts = Split(version.substr(version.rfind(' ') + 1), '.');
  const int64_t major = ParseInt(parts[0]).value_or(0), minor = parts.size() > 1 ? ParseInt(parts[1]).value_or(0) : 0;
  if (major > 1 || (major == 1 && minor >= 6)) return Ok();
  return Error(Code::kUnsupported, std::string(network.routes.empty() ? "option no_default_route" : "--route") + " needs netavark 1.6; this is " + Printable(version));
}

class NetworkFilter {
 public:
  static Result<NetworkFilter> Parse(const std::vector<std::string>& filters) {
    NetworkFilter out;
    for (const std::string& text : filters) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos) return Invalid("filter input must be in the form of filter=value: " + Printable(text) + " is invalid");
      const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
      constexpr std::string_view kKeys[] = {"name", "id", "driver", "label", "label!", "dangling", "until"};
      if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) return Invalid("invalid filter " + Quote(key));
      if (key == "dangling" && !IsTrue(value) && !IsFalse(value)) return Invalid("invalid dangling filter value " + Quote(value));
      if (key == "until") out.until_ = TRY(ParseFilterTime(value));
      else out.values_[key].push_back(value);
    }
    return out;
  }

  bool Matches(const bridge::Definition& network, const NetworkUsers& users) const {
    return std::all_of(values_.begin(), values_.end(), [&](const auto& entry) {
      const auto matches = [&](const std::string& value) { return MatchesOne(entry.first, value, network, users); };
      const bool all = entry.first == "label" || entry.first == "label!";
      return all ? std::all_of(entry.second.begin(), entry.second.end(), matches)
                 : std::any_of(entry.second.begin(), entry.second.end(), matches);
    }) && (until_ == 0 || IsOlder(network));
  }

 private:
  static bool IsTrue(const std::string& value) { return value == "true" || value == "1"; }
  static bool IsFalse(const std::string& value) { return value == "false" || value == "0"; }

  bool IsOlder(const bridge::Definition& network) const {
    const Result<int64_t> created = ParseFilterTime(network.created);
    return created.ok() && *created < until_;
  }

  static bool MatchesOne(const std::string& key, const std::string& value, const bridge::Definition& network, const NetworkUsers& users) {
    if (key == "name") return MatchesPattern(value, network.name);
    if (key == "id") return StartsWith(network.id, value) || MatchesPattern(value, network.id);
    if (key == "driver") return network.driver == value;
    if (key == "label") return MatchesLabel(network.labels, value);
    if (key == "label!") return !MatchesLabel(network.labels, value);
    // The default network is never one that is left over.
    return (network.name != kDefaultNetwork && users.Of(network.name).empty()) == IsTrue(value);
  }

  std::map<std::string, std::vector<std::string>> values_;
  int64_t until_ = 0;
};

}  // namespace

Result<std::string> CreateNetwork(Engine& engine, const CreateNetworkOptions& options) {
  const bridge::Definition wanted = TRY(Fold(options));
  TRY(CheckNetavark(engine, wanted));
  const Result<bridge::Definition> created = TRY(Networks(engine)).Create(wanted);
  if (!created.ok() && created.error().code() == Code::kAlreadyExists && options.ignore) return options.name;
  if (!created.ok()) return created.error();
  TellNetwork(engine, "create", *created, "");
  return created->name;
}

Status UpdateNetwork(Engine& engine, const std::string& name_or_id, const std::vector<std::string>& add,
                     const std::vector<std::string>& drop) {
  const bridge::Catalog catalog = TRY(Networks(engine));
  TRY(CheckServers(add));
  bridge::Definition network = TRY(catalog.Find(name_or_id));
  if (!network.dns) return Invalid("unable to update DNS servers of network " + network.name + ": it has no names (--disable-dns)");
  if (network.name == kDefaultNetwork) return Invalid("default network " + network.name + " cannot be changed");
  std::vector<std::string>& servers = network.dns_servers;
  for (const std::string& server : drop) {
    const auto at = std::find(servers.begin(), servers.end(), server);
    if (at == servers.end()) return Invalid("network " + network.name + " has no DNS server " + Quote(server));
    servers.erase(at);
  }
  for (const std::string& server : add)
    if (std::find(servers.begin(), servers.end(), server) == servers.end()) servers.push_back(server);
  return catalog.Replace(network);
}

Result<std::vector<bridge::Definition>> ListNetworks(Engine& engine, const std::vector<std::string>& filters) {
  const NetworkFilter filter = TRY(NetworkFilter::Parse(filters));
  std::vector<bridge::Definition> all = TRY(TRY(Networks(engine)).List());
  const NetworkUsers users = TRY(NetworkUsers::Read(engine));
  std::erase_if(all, [&](const bridge::Definition& network) { return !filter.Matches(network, users); });
  return all;
}

Result<bridge::Definition> FindNetwork(Engine& engine, const std::string& name_or_id) {
  return TRY(Networks(engine)).Find(name_or_id);
}

Status RemoveNetwork(Engine& engine, const std::string& name_or_id, const RemoveNetworkOptions& options) {
  const bridge::Catalog catalog = TRY(Networks(engine));
  const Result<bridge::Definition> found = catalog.Find(name_or_id);
  if (!found.ok() && found.error().code() == Code::kNotFound && options.force) return Ok();
  if (!found.ok()) return found.error();
  if (found->name == kDefaultNetwork) return Invalid("default network " + found->name + " cannot be removed");
  const std::vector<std::string> users = TRY(NetworkUsers::Read(engine)).Of(found->name);
  if (!users.empty() && !options.force)
    return Error(Code::kBusy, Quote(found->name) + " has associated containers with it. Use -f to forcibly delete containers and pods: network is being used");
  for (const std::string& id : users) {
    const Status removed = RemoveContainer(engine, id, {.force = true, .time = options.time});
    if (!removed.ok() && removed.error().code() != Code::kNotFound) return removed;
  }
  TRY(catalog.Remove(found->name));
  TellNetwork(engine, "remove", *found, "");
  return Ok();
}

Result<std::vector<std::string>> PruneNetworks(Engine& engine, const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    const std::string key = filter.substr(0, filter.find('='));
    if (key != "label" && key != "label!" && key != "until") return Invalid("invalid filter " + Quote(key));
  }
  std::vector<std::string> wanted = filters, pruned;
  wanted.emplace_back("dangling=true");
  for (const bridge::Definition& network : TRY(ListNetworks(engine, wanted))) {
    const Status removed = RemoveNetwork(engine, network.name, {});
    if (removed.ok()) pruned.push_back(network.name);
    // Gone, or used, since it was listed.
    else if (removed.error().code() != Code::kNotFound && removed.error().code() != Code::kBusy) return removed.error();
  }
  return pruned;
}

}  // namespace ctool::engine
