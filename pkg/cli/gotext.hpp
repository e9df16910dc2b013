// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::cli {

// The text forms of Go's strconv and unicode/utf8, which option values, templates and JSON of
// podman are written in. Errors carry strconv's own words:
// `strconv.ParseInt: parsing "x": invalid syntax`.

// Base 10, or by prefix: 0x 0o 0b 0; underscores between digits. ParseInt(text, 0, 64).
Result<int64_t> ParseGoInt(std::string_view text);
Result<uint64_t> ParseGoUint(std::string_view text);
Result<double> ParseGoFloat(std::string_view text);
Result<bool> ParseGoBool(std::string_view text);  // 1 t T true TRUE True 0 f F ...

// FormatFloat: `verb` is e, f or g; precision < 0 is the shortest text that reads back the same.
std::string FormatGoFloat(double value, char verb, int precision);

// Quote and QuoteRune: "a\tb", 'x'.
std::string GoQuote(std::string_view text);
std::string GoQuoteRune(uint32_t rune);

inline constexpr uint32_t kRuneError = 0xFFFD;

// The rune that starts at text[i]; moves i behind it. A broken byte is kRuneError, one byte long.
uint32_t NextRune(std::string_view text, size_t& i);
void AppendRune(std::string& out, uint32_t rune);
size_t RuneCount(std::string_view text);
bool IsPrint(uint32_t rune);

}  // namespace ctool::cli
