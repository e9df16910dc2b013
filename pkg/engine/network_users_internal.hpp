// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

inline constexpr char kDefaultNetwork[] = "podman";

// The containers of each network, running or not, by their records.
class NetworkUsers {
 public:
  static Result<NetworkUsers> Read(Engine& engine);
  std::vector<std::string> Of(const std::string& network) const;  // ids

 private:
  std::map<std::string, std::vector<std::string>> ids_;
};

// A regular expression that need not match the whole; one that is none matches nothing.
bool MatchesPattern(const std::string& pattern, const std::string& text);

}  // namespace ctool::engine
