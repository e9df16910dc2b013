// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/top.hpp"

namespace ctool {

// A descriptor of `top`: podman's, which are those of ps(1) on AIX and what containers have besides.
struct TopColumn {
  std::string_view name;
  std::string_view code;  // "%C" for pcpu; empty: none
  std::string_view header;
  std::string (*text)(const engine::TopProcess& process);
};

std::vector<std::string> TopColumnNames();               // sorted
const TopColumn* FindTopColumn(std::string_view word);  // by name or code; null: there is none
// What the engine has to look up for these.
engine::TopWanted WantedBy(const std::vector<const TopColumn*>& columns);

}  // namespace ctool
