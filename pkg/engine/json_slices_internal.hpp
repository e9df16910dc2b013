// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctool::engine {

// JSON that we wrote ourselves, cut into its members without a tree of it: a record is read at every command, and of a
// thousand for a list. What is inside a slice is looked at only when it is cut in turn. Nothing: it is no JSON.

// The members of an object, keys as they are written (those with a backslash are none of ours).
using JsonMembers = std::vector<std::pair<std::string_view, std::string_view>>;
std::optional<JsonMembers> CutObject(std::string_view json);
// The elements of an array.
std::optional<std::vector<std::string_view>> CutArray(std::string_view json);
// The text of a string.
std::optional<std::string> CutString(std::string_view json);

}  // namespace ctool::engine
