// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::registry {

// One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1). Scheme and parameter names are in
// lower case.
struct Challenge {
  std::string scheme;
  std::map<std::string, std::string> parameters;
};

// All challenges of all such headers, in order. kCorrupt "malformed challenge" for an unfinished
// quote, a control character, a parameter given twice, or more than 16 challenges or 64 parameters.
Result<std::vector<Challenge>> ParseChallenges(const std::vector<std::string_view>& headers);

}  // namespace ctool::registry
