// SPDX-License-Identifier: Apache-2.0
#include "engine/network_users_internal.hpp"

#include <regex.h>

#include "engine/network_join_internal.hpp"

namespace ctool::engine {

Result<NetworkUsers> NetworkUsers::Read(Engine& engine) {
  NetworkUsers users;
  for (const state::Container& container : TRY(TRY(engine.Db())->ListContainers(state::Database::ContainerFields::kSummary)))
    for (const std::string& network : NetworksOf(container)) users.ids_[network].push_back(container.id);
  return users;
}

std::vector<std::string> NetworkUsers::Of(const std::string& network) const {
  const auto found = ids_.find(network);
  return found == ids_.end() ? std::vector<std::string>() : found->second;
}

bool MatchesPattern(const std::string& pattern, const std::string& text) {
  regex_t compiled;
  if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool matches = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return matches;
}

}  // namespace ctool::engine
