// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctool {

// Text for a terminal: C0 and C1 control characters, DEL and invalid UTF-8 become \xNN, so that
// a name, label or server message from outside can't drive the user's terminal.
std::string Printable(std::string_view raw);

// 'raw' in double quotes, Printable, with " and \ escaped.
std::string Quote(std::string_view raw);

std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
std::string ToLower(std::string_view text);
bool StartsWith(std::string_view text, std::string_view prefix);
bool EndsWith(std::string_view text, std::string_view suffix);

// The whole of `text` as a decimal number, or nothing: no sign for unsigned, no blanks, no 0x.
std::optional<int64_t> ParseInt(std::string_view text);
std::optional<uint64_t> ParseUint(std::string_view text);

std::string Hex(std::string_view bytes);

// 64 lower-case hex characters from getrandom(2): a container, exec session or anonymous volume id.
std::string RandomHexId();

}  // namespace ctool
