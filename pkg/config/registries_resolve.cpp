// SPDX-License-Identifier: Apache-2.0
//
// What registries.conf means for a name: short names, prefixes, mirrors.
#include <arpa/inet.h>

#include "base/text.hpp"
#include "config/registries.hpp"

namespace ctool::config {
namespace {

struct ShortName {
  std::string_view repository, suffix;  // "alpine", ":3.19@sha256:..."
};

ShortName SplitName(std::string_view name) {
  const size_t slash = name.rfind('/');
  const size_t end = name.find_first_of(":@", slash == std::string_view::npos ? 0 : slash);
  if (end == std::string_view::npos) return {name, {}};
  return {name.substr(0, end), name.substr(end)};
}

// Does the prefix of an entry cover `name` ("host[:port]/path[:tag|@digest]")? Returns how many
// characters it covers, 0 for none: the longest wins.
size_t Covered(std::string_view prefix, std::string_view name) {
  if (StartsWith(prefix, "*.")) {
    const std::string_view host = name.substr(0, name.find('/'));
    const std::string_view domain = prefix.substr(1);  // ".example.com": never the bare domain
    return host.size() > domain.size() && EndsWith(host, domain) ? host.size() : 0;
  }
  if (!StartsWith(name, prefix)) return 0;
  if (name.size() == prefix.size()) return prefix.size();
  const char next = name[prefix.size()];
  return next == '/' || next == ':' || next == '@' ? prefix.size() : 0;
}

// "[::1]:5000" and "127.0.0.1:80" and "localhost": what only this machine can answer.
bool IsLoopbackHost(std::string_view host_and_port) {
  std::string host(host_and_port);
  if (StartsWith(host, "[")) {
    host = host.substr(1, host.find(']') - 1);
    in6_addr address{};
    return ::inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
  }
  host = host.substr(0, host.find(':'));
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return host == "localhost";
}

// `name` with its covered front part replaced by `location`.
RegistryLocation Rewrite(std::string_view repository, size_t covered, const std::string& location,
                         bool insecure) {
  const std::string full = location.empty() ? std::string(repository)
                                            : location + std::string(repository.substr(covered));
  const size_t slash = full.find('/');
  RegistryLocation out{full.substr(0, slash),
                       slash == std::string::npos ? "" : full.substr(slash + 1), insecure};
  return out;
}

}  // namespace

const Registries::Entry* Registries::Find(const std::string& name) const {
  const Entry* best = nullptr;
  size_t longest = 0;
  for (const Entry& entry : entries_) {
    if (Covered(entry.prefix, name) == 0 || entry.prefix.size() <= longest) continue;
    best = &entry;
    longest = entry.prefix.size();
  }
  return best;
}

const Registries::Alias* Registries::FindAlias(std::string_view repository) const {
  for (const Alias& alias : aliases_)
    if (alias.name == repository) return alias.value.empty() ? nullptr : &alias;
  return nullptr;
}

Result<spec::Reference> Registries::InRegistry(std::string_view name,
                                               const std::string& registry) const {
  if (registry.find('/') == std::string::npos)
    return spec::Reference::ParseWithDomain(name, registry);
  return spec::Reference::Parse(registry + "/" + std::string(name));
}

Result<std::vector<Registries::Candidate>> Registries::Resolve(std::string_view name) const {
  if (!spec::IsShortName(name))
    return std::vector<Candidate>{{TRY(spec::Reference::Parse(name)), ""}};
  std::vector<Candidate> candidates;
  const ShortName parts = SplitName(name);
  if (const Alias* alias = FindAlias(parts.repository))
    candidates.push_back(
        {TRY(spec::Reference::Parse(alias->value + std::string(parts.suffix))), alias->file});
  candidates.push_back({TRY(spec::Reference::ParseWithDomain(name, "localhost")), ""});
  for (const std::string& registry : search_)
    candidates.push_back({TRY(InRegistry(name, registry)), ""});
  return candidates;
}

Result<std::vector<Registries::Candidate>> Registries::ResolveForPull(std::string_view name,
                                                                      Prompt prompt) const {
  std::vector<Candidate> candidates = TRY(Resolve(name));
  if (!spec::IsShortName(name)) return candidates;
  if (!candidates.front().alias_file.empty())
    return std::vector<Candidate>{std::move(candidates.front())};
  candidates.erase(candidates.begin());  // localhost: nothing to pull from
  if (candidates.empty())
    return Error(Code::kInvalidArgument,
                 "short-name " + Quote(name) +
                     " did not resolve to an alias and no unqualified-search registries are "
                     "defined in \"" +
                     (files_.empty() ? "/etc/containers/registries.conf" : files_.front()) + "\"")
        .Hint("name the registry, for example docker.io/library/" + std::string(name));
  if (candidates.size() > 1 && short_name_mode_ == "enforcing" && prompt == Prompt::kImpossible)
    return Error(Code::kInvalidArgument,
                 "short-name resolution enforced but cannot prompt without a TTY")
        .Hint("name the registry, for example " + candidates.front().reference.Name());
  return candidates;
}

Result<std::vector<RegistryLocation>> Registries::Locations(
    const spec::Reference& reference) const {
  const std::string repository = reference.Repository();
  const Entry* entry = Find(reference.Name());
  if (entry == nullptr)
    return std::vector<RegistryLocation>{
        {reference.domain, reference.path, IsLoopbackHost(reference.domain)}};
  if (entry->blocked)
    return Error(Code::kPermission,
                 "registry " + entry->prefix + " is blocked in " + Join(files_, ", "));
  const size_t covered = std::min(Covered(entry->prefix, reference.Name()), repository.size());
  std::vector<RegistryLocation> locations;
  for (const Mirror& mirror : entry->mirrors) {
    const bool by_digest = !reference.digest.empty();
    if (mirror.pull == (by_digest ? Pull::kTagOnly : Pull::kDigestOnly)) continue;
    locations.push_back(Rewrite(repository, covered, mirror.location, mirror.insecure));
  }
  locations.push_back(Rewrite(repository, covered, entry->location, entry->insecure));
  for (const RegistryLocation& location : locations)
    if (location.repository.empty())
      return Error(Code::kInvalidArgument, "registries.conf turns " + Quote(repository) + " into " +
                                               Quote(location.host) +
                                               ", which names no repository");
  return locations;
}

}  // namespace ctool::config
