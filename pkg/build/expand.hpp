// SPDX-License-Identifier: Apache-2.0
//
// Variables, quotes and escapes in an instruction's texts. Pure: the same text and variables give the
// same result, and the result names the variables that it depends on.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::build {

// A variable's value, or nothing when it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Expansion {
  std::string text;
  std::set<std::string> used;   // variables whose value went in or decided
  std::set<std::string> unset;  // variables that were asked for and are not set
};

// One text: quotes and escapes are taken out, variables replaced. kInvalidArgument: a quote or brace
// that never closes, an unknown modifier, ${x:?message}, or a limit.
Result<Expansion> Expand(std::string_view text, const Lookup& lookup, char escape);

struct WordsExpansion {
  std::vector<std::string> words;
  std::set<std::string> used, unset;
};

// The same, then split at blanks that are not quoted, those of a variable's value too: EXPOSE $PORTS.
Result<WordsExpansion> ExpandWords(std::string_view text, const Lookup& lookup, char escape);

// A heredoc's content for COPY and ADD: variables only; quotes are text, and the escape character
// counts before $ and itself alone.
Result<Expansion> ExpandContent(std::string_view text, const Lookup& lookup, char escape);

}  // namespace ctool::build
