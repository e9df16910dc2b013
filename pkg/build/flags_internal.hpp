// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/request_internal.hpp"

namespace ctool::build {

enum class FlagKind { kString, kBool, kList };

struct FlagRule {
  std::string_view name;  // without the two hyphens
  FlagKind kind = FlagKind::kString;
};

// The flags of one instruction, checked against what it takes.
class Flags {
 public:
  static Result<Flags> Check(const Request& request, const std::vector<FlagRule>& rules);

  std::string Text(std::string_view name) const;  // "" when not given
  std::optional<std::string> Find(std::string_view name) const;
  bool On(std::string_view name) const { return Switch(name).value_or(false); }
  std::optional<bool> Switch(std::string_view name) const;
  std::vector<std::string> All(std::string_view name) const;
  const Flag* Get(std::string_view name) const;

 private:
  std::vector<Flag> flags_;
};

}  // namespace ctool::build
