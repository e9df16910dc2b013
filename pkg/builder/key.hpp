// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "digest/sha256.hpp"

namespace ctool::builder {

// The name of what a step makes, of all that it depends on: parts with their lengths, so that no two lists of parts read alike.
class Key {
 public:
  explicit Key(std::string_view kind) { Add(kind); }
  Key& Add(std::string_view part) {
    hasher_.Update(std::to_string(part.size()) + ":");
    hasher_.Update(part);
    return *this;
  }
  template <class List>
  Key& AddAll(const List& list) {
    Add(std::to_string(list.size()));
    for (const auto& part : list) Add(part);
    return *this;
  }
  std::string Finish() { return std::string(hasher_.Finish().hex()); }

 private:
  digest::Hasher hasher_;
};

}  // namespace ctool::builder
