// SPDX-License-Identifier: Apache-2.0
#include "cli/suggest.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace ctool::cli {
namespace {

constexpr size_t kMostEdits = 2;
constexpr size_t kLongestWord = 64;  // nobody mistypes more; keeps the table small

// Levenshtein distance: insertions, deletions, substitutions.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string_view> Suggestions(std::string_view typed,
                                          std::span<const std::string_view> names) {
  std::vector<std::string_view> near;
  if (typed.size() > kLongestWord) return near;
  const std::string word = ToLower(typed);
  for (const std::string_view name : names) {
    const std::string candidate = ToLower(name);
    if (StartsWith(candidate, word) || Distance(word, candidate) <= kMostEdits)
      near.push_back(name);
  }
  return near;
}

}  // namespace ctool::cli
