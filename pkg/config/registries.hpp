// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
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
  // /usr/share/containers, plus the drop-ins of registries.conf.d. No file at all: docker.io is
  // the one unqualified-search registry. kInvalidArgument with FILE:LINE:COL for bad TOML.
  static Result<Registries> Load();
  static Result<Registries> LoadFrom(const std::vector<std::string>& files);

  // What a short name may mean, best first: an alias, "localhost/NAME", each search registry.
  // `source` says which file an alias came from (for the "Resolved ... as an alias" line).
  struct Candidate {
    spec::Reference reference;
    std::string alias_file;
  };
  Result<std::vector<Candidate>> Resolve(std::string_view name) const;

  // Where to fetch `reference` from, mirrors first. kPermission when it is blocked. localhost,
  // 127.0.0.0/8 and ::1 are insecure when no entry says otherwise.
  Result<std::vector<RegistryLocation>> Locations(const spec::Reference& reference) const;

  // For `info`: "registries: {search: [...]}"
  const std::vector<std::string>& search() const { return search_; }

 private:
  struct Mirror {
    std::string location;
    bool insecure = false, digest_only = false, tag_only = false;
  };
  struct Entry {
    std::string prefix, location;
    bool insecure = false, blocked = false, mirror_by_digest_only = false;
    std::vector<Mirror> mirrors;
  };
  struct Alias {
    std::string name, value, file;
  };
  const Entry* Find(const std::string& name) const;

  std::vector<std::string> search_;
  std::vector<Entry> entries_;
  std::vector<Alias> aliases_;
  std::vector<std::string> credential_helpers_;
  std::string short_name_mode_ = "enforcing";
  std::vector<std::string> files_;
};

}  // namespace ctool::config
