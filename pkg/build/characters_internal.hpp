// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ctool::build {

// Blanks between words of an instruction; a physical line's end is gone by then.
inline bool Blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool Digit(char c) { return c >= '0' && c <= '9'; }
inline bool Letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// What a variable's name is made of. ASCII, as in a shell.
inline bool NameCharacter(char c) { return Letter(c) || Digit(c) || c == '_'; }

}  // namespace ctool::build
