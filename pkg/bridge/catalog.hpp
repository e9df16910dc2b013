// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "bridge/definition.hpp"
#include "sys/lock.hpp"

namespace ctool::bridge {

// The definitions of a user: a JSON file each, NAME.json, in one folder, in podman's own format, so that they can be
// carried over. A file that can't be read is left out with a warning.
class Catalog {
 public:
  explicit Catalog(std::string folder) : folder_(std::move(folder)) {}

  // By name, the default one among them.
  Result<std::vector<Definition>> List() const;
  // A name, a whole id or a part of one that only one has. kNotFound `unable to find network with name or ID X: network not found`.
  Result<Definition> Find(const std::string& name_or_id) const;
  // Fills in what is missing: name, id, bridge, subnets with gateways, time. kAlreadyExists
  // `network name X already used: network already exists`; kInvalidArgument for what does not fit together.
  Result<Definition> Create(Definition wanted) const;
  Status Replace(const Definition& changed) const;
  Status Remove(const std::string& name) const;

 private:
  Result<sys::FileLock> Lock() const;
  std::string File(const std::string& name) const { return folder_ + "/" + name + ".json"; }
  std::string folder_;
};

}  // namespace ctool::bridge
