// SPDX-License-Identifier: Apache-2.0
#include "build/glob.hpp"

#include <optional>

#include "base/text.hpp"
#include "build/utf8.hpp"

namespace ctool::build {
namespace {

class Compiler {
 public:
  Compiler(std::string_view pattern, DoubleStar double_star)
      : text_(Characters(pattern)), double_star_(double_star) {}

  // Nothing: a class that is empty or never closes, a range without an end, a \ at the end.
  std::optional<std::vector<Token>> Compile() {
    while (at_ < text_.size()) {
      const char32_t c = text_[at_++];
      if (c == '*') {
        Star();
      } else if (c == '?') {
        tokens_.push_back({Token::Kind::kOneInName});
      } else if (c == '[') {
        if (!Class()) return std::nullopt;
      } else if (c == '\\') {
        if (at_ == text_.size()) return std::nullopt;
        tokens_.push_back({Token::Kind::kLiteral, text_[at_++]});
      } else {
        tokens_.push_back({Token::Kind::kLiteral, c});
      }
    }
    return std::move(tokens_);
  }

 private:
  bool At(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }

  void Star() {
    if (double_star_ == DoubleStar::kPlain || !At('*')) {
      tokens_.push_back({Token::Kind::kManyInName});
      return;
    }
    while (At('*')) ++at_;
    if (At('/')) ++at_;
    if (at_ == text_.size()) {
      tokens_.push_back({Token::Kind::kMany});
      return;
    }
    tokens_.push_back({Token::Kind::kDirectories});
    tokens_.push_back({Token::Kind::kInDirectory});
  }

  bool Class() {
    Token token{Token::Kind::kClass};
    token.negated = At('^');
    if (token.negated) ++at_;
    for (;;) {
      if (At(']') && !token.ranges.empty()) break;
      const auto low = ClassCharacter();
      if (!low) return false;
      char32_t high = *low;
      if (At('-')) {
        ++at_;
        const auto end = ClassCharacter();
        if (!end) return false;
        high = *end;
      }
      token.ranges.emplace_back(*low, high);
    }
    ++at_;
    tokens_.push_back(std::move(token));
    return true;
  }

  std::optional<char32_t> ClassCharacter() {
    if (at_ == text_.size() || At('-') || At(']')) return std::nullopt;
    if (At('\\') && ++at_ == text_.size()) return std::nullopt;
    return text_[at_++];
  }

  const std::u32string text_;
  const DoubleStar double_star_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<Glob> Glob::Compile(std::string_view pattern, DoubleStar double_star) {
  auto tokens = Compiler(pattern, double_star).Compile();
  if (!tokens)
    return Error(Code::kInvalidArgument, "syntax error in pattern " + Quote(pattern))
        .Hint("write \\[ or [[] for a plain bracket");
  Glob glob;
  glob.tokens_ = std::move(*tokens);
  return glob;
}

bool Glob::Matches(std::string_view path) const { return MatchesAll(tokens_, Characters(path)); }

bool HasWildcards(std::string_view text) { return text.find_first_of("*?[\\") != std::string_view::npos; }

}  // namespace ctool::build
