// SPDX-License-Identifier: Apache-2.0
#include "build/wildcard.hpp"

#include <algorithm>

namespace ctool::build {
namespace {

using Kind = Token::Kind;

bool Takes(const Token& token, char32_t c) {
  switch (token.kind) {
    case Kind::kLiteral:
      return token.character == c;
    case Kind::kOneInName:
    case Kind::kManyInName:
      return c != '/';
    case Kind::kClass: {
      const auto within = [&](const auto& range) { return c >= range.first && c <= range.second; };
      return std::any_of(token.ranges.begin(), token.ranges.end(), within) != token.negated;
    }
    case Kind::kOne:
    case Kind::kMany:
    case Kind::kDirectories:
    case Kind::kInDirectory:
      return true;
  }
  return false;
}

}  // namespace

void WildcardRun::Begin() {
  std::fill(now_.begin(), now_.end(), 0);
  now_[0] = 1;
  Skip();
}

void WildcardRun::Skip() {
  for (size_t p = 0; p < tokens_.size(); ++p) {
    if (now_[p] == 0) continue;
    const Kind kind = tokens_[p].kind;
    if (kind == Kind::kMany || kind == Kind::kManyInName) now_[p + 1] = 1;
    if (kind == Kind::kDirectories) now_[p + 2] = 1;
  }
}

bool WildcardRun::Step(char32_t c) {
  next_.assign(now_.size(), 0);
  bool any = false;
  for (size_t p = 0; p < tokens_.size(); ++p) {
    if (now_[p] == 0 || !Takes(tokens_[p], c)) continue;
    any = true;
    switch (tokens_[p].kind) {
      case Kind::kMany:
      case Kind::kManyInName:
        next_[p] = 1;
        break;
      case Kind::kDirectories:
        next_[p + 1] = 1;
        if (c == '/') next_[p + 2] = 1;
        break;
      case Kind::kInDirectory:
        next_[p] = 1;
        if (c == '/') next_[p + 1] = 1;
        break;
      default:
        next_[p + 1] = 1;
    }
  }
  now_.swap(next_);
  Skip();
  return any;
}

bool MatchesAll(const std::vector<Token>& tokens, std::u32string_view text) {
  WildcardRun run(tokens);
  run.Begin();
  return std::all_of(text.begin(), text.end(), [&](char32_t c) { return run.Step(c); }) && run.matches();
}

}  // namespace ctool::build
