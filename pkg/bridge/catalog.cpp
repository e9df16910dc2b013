// SPDX-License-Identifier: Apache-2.0
#include "bridge/catalog.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "bridge/subnet.hpp"
#include "sys/file.hpp"

namespace ctool::bridge {
namespace {

constexpr std::string_view kModes[] = {"none", "host", "bridge", "private", "slirp4netns", "pasta", "container", "ns", "default"};

// The rule for names of everything (podman's): a file name among others.
Status CheckName(const std::string& name) {
  const auto good = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-'; };
  const bool fits = !name.empty() && name.size() <= 200 && std::isalnum(static_cast<unsigned char>(name[0])) != 0 &&
                    std::all_of(name.begin(), name.end(), good);
  if (!fits) return Error(Code::kInvalidArgument, "network name " + Printable(name) + " invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument");
  if (std::find(std::begin(kModes), std::end(kModes), name) != std::end(kModes))
    return Error(Code::kInvalidArgument, "cannot create network with name \"" + name + "\" because it conflicts with a valid network mode");
  return Ok();
}

bool HasName(const std::vector<Definition>& all, const std::string& name) {
  return std::any_of(all.begin(), all.end(), [&](const Definition& d) { return d.name == name; });
}

bool HasInterface(const std::vector<Definition>& all, const std::string& interface) {
  return std::any_of(all.begin(), all.end(), [&](const Definition& d) { return d.interface == interface; });
}

// podman1, podman2 ...: for the network's name and its bridge alike.
template <class Taken>
std::string FirstFree(const Taken& taken) {
  for (int i = 1;; ++i)
    if (const std::string name = "podman" + std::to_string(i); !taken(name)) return name;
}

std::vector<Subnet> SubnetsOf(const std::vector<Definition>& all) {
  std::vector<Subnet> subnets;
  for (const Definition& d : all)
    for (const SubnetConfig& config : d.subnets)
      if (const Result<Subnet> subnet = Subnet::Parse(config.subnet); subnet.ok()) subnets.push_back(*subnet);
  return subnets;
}

// Gateway and range are the subnet's own.
Status CheckSubnet(SubnetConfig& config, bool internal, const std::vector<Subnet>& used) {
  const Subnet subnet = TRY(Subnet::Parse(config.subnet));
  config.subnet = subnet.Print();
  for (const Subnet& other : used)
    if (subnet.Overlaps(other))
      return Error(Code::kInvalidArgument, "subnet " + config.subnet + " is already used on the host or by another config");
  if (subnet.First() == subnet.Last()) return Error(Code::kInvalidArgument, "subnet " + config.subnet + " has no room for a gateway and a container");
  if (config.gateway.empty() && !internal) config.gateway = subnet.First().Print();
  for (std::string* text : {&config.gateway, &config.lease_start, &config.lease_end}) {
    if (text->empty()) continue;
    const std::optional<Address> address = Address::Parse(*text);
    if (!address) return Error(Code::kInvalidArgument, "\"" + Printable(*text) + "\" is not an ip address");
    if (!subnet.Contains(*address))
      return Error(Code::kInvalidArgument, (text == &config.gateway ? "gateway " : text == &config.lease_start ? "lease range start ip " : "lease range end ip ") + *text + " not in subnet " + config.subnet);
    *text = address->Print();
  }
  return Ok();
}

Status ChooseSubnets(Definition& wanted, const std::vector<Definition>& all) {
  std::vector<Subnet> used = SubnetsOf(all);
  const std::vector<Subnet> routes = HostRoutes();
  bool has_v4 = false, has_v6 = false;
  for (SubnetConfig& config : wanted.subnets) {
    TRY(CheckSubnet(config, false, used));
    const Subnet subnet = TRY(Subnet::Parse(config.subnet));
    (subnet.v6() ? has_v6 : has_v4) = true;
    used.push_back(subnet);
  }
  used.insert(used.end(), routes.begin(), routes.end());
  const auto add = [&](const Subnet& subnet) { wanted.subnets.push_back({subnet.Print(), subnet.First().Print(), "", ""}); };
  if (!has_v4 && (!has_v6 || wanted.ipv6)) add(TRY(FreeIpv4(used)));
  if (wanted.ipv6 && !has_v6) add(TRY(FreeIpv6(used)));
  wanted.ipv6 = wanted.ipv6 || has_v6;
  return Ok();
}

}  // namespace

Result<sys::FileLock> Catalog::Lock() const {
  TRY(sys::MakeDirs(folder_, 0700));
  return sys::FileLock::Acquire(folder_ + "/.lock", sys::FileLock::Mode::kExclusive);
}

Result<std::vector<Definition>> Catalog::List() const {
  std::vector<Definition> all;
  const Result<sys::Fd> dir = sys::Open(folder_, O_RDONLY | O_DIRECTORY);
  if (!dir.ok() && dir.error().sys_errno() != ENOENT) return dir.error();
  if (dir.ok())
    for (const std::string& file : TRY(sys::ListDir(dir->get(), folder_))) {
      if (file.size() < 6 || file[0] == '.' || file.substr(file.size() - 5) != ".json") continue;
      const Result<std::string> text = sys::ReadFile(folder_ + "/" + file);
      Result<Definition> d = text.ok() ? Definition::Parse(*text) : Result<Definition>(text.error());
      if (d.ok()) all.push_back(std::move(d).value());
      else Warn("network file '" + folder_ + "/" + file + "' is not used: " + d.error().Message());
    }
  if (!HasName(all, "podman")) all.push_back(DefaultNetwork());
  std::sort(all.begin(), all.end(), [](const Definition& a, const Definition& b) { return a.name < b.name; });
  return all;
}

Result<Definition> Catalog::Find(const std::string& name_or_id) const {
  const std::vector<Definition> all = TRY(List());
  const Definition* found = nullptr;
  for (const Definition& d : all) {
    if (d.name == name_or_id || d.id == name_or_id) return d;
    if (name_or_id.empty() || !StartsWith(d.id, name_or_id)) continue;
    if (found != nullptr) return Error(Code::kInvalidArgument, "more than one result for network ID " + Printable(name_or_id));
    found = &d;
  }
  if (found != nullptr) return *found;
  return Error(Code::kNotFound, "unable to find network with name or ID " + Printable(name_or_id) + ": network not found");
}

Result<Definition> Catalog::Create(Definition wanted) const {
  const sys::FileLock lock = TRY(Lock());
  const std::vector<Definition> all = TRY(List());
  if (wanted.name.empty()) wanted.name = FirstFree([&](const std::string& name) { return HasName(all, name); });
  TRY(CheckName(wanted.name));
  if (HasName(all, wanted.name)) return Error(Code::kAlreadyExists, "network name " + wanted.name + " already used: network already exists");
  if (wanted.interface.empty()) wanted.interface = FirstFree([&](const std::string& name) { return HasInterface(all, name); });
  else if (HasInterface(all, wanted.interface))
    return Error(Code::kInvalidArgument, "bridge name " + Printable(wanted.interface) + " already in use");
  if (wanted.interface.size() >= IFNAMSIZ) return Error(Code::kInvalidArgument, "interface name " + Printable(wanted.interface) + " is too long");
  wanted.id = IdOf(wanted.name);
  wanted.created = Rfc3339Utc(WallNanos());
  wanted.ipam_options["driver"] = "host-local";
  TRY(ChooseSubnets(wanted, all));
  TRY(sys::WriteFileAtomic(File(wanted.name), wanted.Print(), 0600, sys::Durability::kSync));
  return wanted;
}

Status Catalog::Replace(const Definition& changed) const {
  const sys::FileLock lock = TRY(Lock());
  return sys::WriteFileAtomic(File(changed.name), changed.Print(), 0600, sys::Durability::kSync);
}

Status Catalog::Remove(const std::string& name) const {
  const sys::FileLock lock = TRY(Lock());
  if (::unlink(File(name).c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "remove", File(name));
  return Ok();
}

}  // namespace ctool::bridge
