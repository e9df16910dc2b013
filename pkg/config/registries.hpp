// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/reference.hpp"

namespace ctool::config {

// containers-registries.conf(5), version 2.
struct RegistryLocation {
  std::string host;        // "mirror.example:5000"
  std::string repository;  // "library/alpine"
  bool insecure = false;
};

class Registries {
 public:
  // CONTAINERS_REGISTRIES_CONF, else the first of ~/.config/containers, /etc/containers,
  // /usr/share/containers, plus the drop-ins of registries.conf.d; then the aliases of
  // ~/.cache/containers/short-name-aliases.conf. No file at all: docker.io is the one
  // unqualified-search registry. kCorrupt with FILE:LINE:COL for bad TOML, wrong types, version 1
  // files and locations that are no registry; a named file that can't be read is its errno.
  static Result<Registries> Load();
  static Result<Registries> LoadFrom(const std::vector<std::string>& files);

  // What a short name may mean, best first: an alias, "localhost/NAME", each search registry.
  // `alias_file` says which file an alias came from (for the "Resolved ... as an alias" line). A
  // name with a domain is its own single candidate. This is the order of a local look-up.
  struct Candidate {
    spec::Reference reference;
    std::string alias_file;
  };
  Result<std::vector<Candidate>> Resolve(std::string_view name) const;

  // What to pull for a name: the alias alone, or each search registry. kInvalidArgument when there
  // is none, and when short-name-mode is "enforcing", there are several and nobody can be asked.
  enum class Prompt { kImpossible, kPossible };
  Result<std::vector<Candidate>> ResolveForPull(std::string_view name, Prompt prompt) const;

  // Where to fetch `reference` from, mirrors first. kPermission when it is blocked. localhost,
  // 127.0.0.0/8 and ::1 are insecure when no entry says otherwise.
  Result<std::vector<RegistryLocation>> Locations(const spec::Reference& reference) const;

  // For `info`: "registries: {search: [...]}"
  const std::vector<std::string>& search() const { return search_; }
  const std::string& short_name_mode() const { return short_name_mode_; }
  // The helpers of the key credential-helpers, for every registry; "containers-auth.json" stands
  // for the files.
  const std::vector<std::string>& credential_helpers() const { return credential_helpers_; }
  const std::vector<std::string>& files() const { return files_; }  // what was read

 private:
  friend class RegistriesReader;
  enum class Pull { kAll, kDigestOnly, kTagOnly };
  struct Mirror {
    std::string location;
    bool insecure = false;
    Pull pull = Pull::kAll;
  };
  struct Entry {
    std::string prefix, location;
    bool insecure = false, blocked = false;
    std::vector<Mirror> mirrors;
  };
  struct Alias {
    std::string name, value, file;  // no value: the name is no alias any more
  };
  const Entry* Find(const std::string& name) const;
  const Alias* FindAlias(std::string_view repository) const;
  Result<spec::Reference> InRegistry(std::string_view name, const std::string& registry) const;

  std::vector<std::string> search_;
  std::vector<Entry> entries_;
  std::vector<Alias> aliases_;
  std::vector<std::string> credential_helpers_;
  std::string short_name_mode_ = "enforcing";
  std::vector<std::string> files_;
};

}  // namespace ctool::config
