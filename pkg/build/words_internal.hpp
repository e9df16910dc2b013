// SPDX-License-Identifier: Apache-2.0
//
// The two ways in which instructions split their arguments.
#pragma once

#include <string_view>
#include <vector>

namespace ctool::build {

// Words between blanks; quotes mean nothing. For COPY, ADD, FROM, EXPOSE, VOLUME. The results are
// parts of `text`, so their place can be told.
std::vector<std::string_view> BlankSeparated(std::string_view text);

// Words between blanks outside of quotes, with quotes and escapes left in, for later expansion. For
// ENV, LABEL, ARG. A quote that never closes reaches to the end.
std::vector<std::string_view> ShellWords(std::string_view text, char escape);

// Where the first '=' outside of quotes is, or npos.
size_t FindEquals(std::string_view word, char escape);

// Whether every quote in it is closed and nothing is left to be escaped at its end.
bool QuotesClose(std::string_view text, char escape);

}  // namespace ctool::build
