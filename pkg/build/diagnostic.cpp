// SPDX-License-Identifier: Apache-2.0
#include "build/diagnostic.hpp"

#include <algorithm>

#include "base/edit_distance.hpp"
#include "base/text.hpp"

namespace ctool::build {
namespace {

constexpr size_t kExcerptBytes = 120;  // a little more than a terminal's width
constexpr size_t kMostEdits = 2;
constexpr size_t kLongestWord = 32;  // no instruction or flag is longer

// Tabs become one blank, so that the caret's line needs no tab stops.
std::string Shown(std::string_view raw) {
  std::string text(raw);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return Printable(text);
}

size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string Diagnostic::Headline() const {
  return Printable(file) + ":" + std::to_string(where.line) + ":" + std::to_string(where.column) +
         ": " + message;
}

std::vector<std::string> Diagnostic::Excerpt() const {
  if (where.line == 0) return {};
  const size_t column = std::min(static_cast<size_t>(std::max(where.column, 1)) - 1, source.size());
  const size_t begin = column > kExcerptBytes / 2 && source.size() > kExcerptBytes
                           ? column - kExcerptBytes / 2
                           : 0;
  const std::string before = Shown(std::string_view(source).substr(begin, column - begin));
  const std::string after = Shown(std::string_view(source).substr(column, kExcerptBytes / 2));
  std::string number = std::to_string(where.line);
  number.insert(0, number.size() < 4 ? 4 - number.size() : 0, ' ');
  return {number + " | " + before + after,
          std::string(number.size(), ' ') + " | " + std::string(Characters(before), ' ') + "^"};
}

Error Diagnostic::ToError() const {
  Error error(Code::kInvalidArgument, Headline());
  return expected.empty() ? error : std::move(error).Hint(expected);
}

std::string_view Nearest(std::string_view typed, const std::vector<std::string_view>& names) {
  if (typed.size() > kLongestWord) return {};
  const std::string word = ToLower(typed);
  std::string_view best;
  size_t least = word.size() < 4 ? std::min<size_t>(2, word.size()) : kMostEdits + 1;
  for (const std::string_view name : names) {
    const size_t edits = EditDistance(word, ToLower(name));
    if (edits < least) {
      best = name;
      least = edits;
    }
  }
  return best;
}

}  // namespace ctool::build
