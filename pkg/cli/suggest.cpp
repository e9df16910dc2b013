// SPDX-License-Identifier: Apache-2.0
#include "cli/suggest.hpp"

#include <string>

#include "base/edit_distance.hpp"
#include "base/text.hpp"

namespace ctool::cli {
namespace {

constexpr size_t kMostEdits = 2;
constexpr size_t kLongestWord = 64;  // nobody mistypes more; keeps the table small

}  // namespace

std::vector<std::string_view> Suggestions(std::string_view typed,
                                          std::span<const std::string_view> names) {
  std::vector<std::string_view> near;
  if (typed.size() > kLongestWord) return near;
  const std::string word = ToLower(typed);
  for (const std::string_view name : names) {
    const std::string candidate = ToLower(name);
    if (StartsWith(candidate, word) || EditDistance(word, candidate) <= kMostEdits)
      near.push_back(name);
  }
  return near;
}

}  // namespace ctool::cli
