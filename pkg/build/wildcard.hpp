// SPDX-License-Identifier: Apache-2.0
//
// What the three languages of patterns here have in common: ${x#p}, globs of COPY, the ignore file.
// A pattern is matched by following all the places that it can be at, one character after another:
// the work is the product of both lengths, whatever the pattern, and nothing recurses.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace ctool::build {

struct Token {
  enum class Kind {
    kLiteral,
    kOne,           // any character
    kOneInName,     // any but '/'
    kMany,          // any number of characters
    kManyInName,    // the same without '/'
    kDirectories,   // nothing, or any characters up to and with a '/'; a kInDirectory follows it
    kInDirectory,
    kClass,
  };
  Kind kind = Kind::kLiteral;
  char32_t character = 0;
  bool negated = false;                                // of a class
  std::vector<std::pair<char32_t, char32_t>> ranges = {};  // of a class, both ends included
};

// One text on its way through a pattern.
class WildcardRun {
 public:
  explicit WildcardRun(const std::vector<Token>& tokens) : tokens_(tokens), now_(tokens.size() + 1) {}

  void Begin();
  // Takes one character; false when nothing that begins so can match.
  bool Step(char32_t c);
  bool matches() const { return now_.back() != 0; }  // what was taken so far is a match

 private:
  void Skip();  // over tokens that may be empty

  const std::vector<Token>& tokens_;
  std::vector<char> now_, next_;
};

bool MatchesAll(const std::vector<Token>& tokens, std::u32string_view text);

}  // namespace ctool::build
