// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/dispatch.hpp"

namespace ctool::cli {

// The script for "bash", "zsh" or "fish", which asks `program __complete`; "" for other shells.
std::string CompletionScript(std::string_view shell, std::string_view program);

// `ctool __complete INDEX WORD...`: the WORDs are the command line without the program's name,
// INDEX is the word the cursor is in. Answers one line a candidate, "text\tdescription", each a
// whole replacement for that word, and a last line of directives: ":" followed by "files" or "dirs",
// each with "=N" when the path begins behind N characters of the word, or "nospace". Never fails: what can't be completed has no candidates.
std::string CompleteWords(const App& app, Args args);

}  // namespace ctool::cli
