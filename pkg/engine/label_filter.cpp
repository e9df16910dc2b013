// SPDX-License-Identifier: Apache-2.0
#include "engine/label_filter_internal.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace ctool::engine {

bool MatchesLabel(const std::map<std::string, std::string>& labels, const std::string& wanted) {
  const size_t equals = wanted.find('=');
  const std::string key = wanted.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : wanted.substr(equals + 1);
  const bool pattern = key.find('*') != std::string::npos;
  return std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
    if (!value.empty() && label.second != value) return false;
    // As podman has it, a pattern may lie anywhere in the key.
    return label.first == key || (pattern && ::fnmatch(("*" + key + "*").c_str(), label.first.c_str(), 0) == 0);
  });
}

}  // namespace ctool::engine
