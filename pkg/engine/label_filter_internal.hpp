// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace ctool::engine {

// "KEY" or "KEY=VALUE" of a filter; an empty value is any. A * in KEY stands for anything.
bool MatchesLabel(const std::map<std::string, std::string>& labels, const std::string& wanted);

}  // namespace ctool::engine
