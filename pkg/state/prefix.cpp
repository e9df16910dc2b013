// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "state/connection_internal.hpp"

namespace ctool::state {

bool IsHexPrefix(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

// A range and not LIKE: no wildcards, and the index serves it.
std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  ++end.back();  // hex digits have successors
  return end;
}

}  // namespace ctool::state
