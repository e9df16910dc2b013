// SPDX-License-Identifier: Apache-2.0
#include "build/pattern.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "build/limits.hpp"
#include "build/utf8.hpp"
#include "build/wildcard.hpp"

namespace ctool::build {
namespace {

Result<std::vector<Token>> Compile(std::string_view text) {
  std::vector<Token> tokens;
  const std::u32string characters = Characters(text);
  for (size_t i = 0; i < characters.size(); ++i) {
    const char32_t c = characters[i];
    if (c == '*') {
      tokens.push_back({Token::Kind::kMany});
    } else if (c == '?') {
      tokens.push_back({Token::Kind::kOne});
    } else if (c == '\\') {
      if (++i == characters.size() ||
          std::u32string_view(U"*?\\}/").find(characters[i]) == std::u32string_view::npos)
        return Error(Code::kInvalidArgument, "invalid escape in pattern " + Quote(text))
            .Hint("\\ may stand before *, ?, }, / and itself");
      tokens.push_back({Token::Kind::kLiteral, characters[i]});
    } else {
      tokens.push_back({Token::Kind::kLiteral, c});
    }
  }
  return tokens;
}

class Matcher {
 public:
  explicit Matcher(std::vector<Token> tokens) : tokens_(std::move(tokens)), run_(tokens_) {}
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // How many characters of `text` the pattern takes from its front, or nothing.
  Result<std::optional<size_t>> Match(std::u32string_view text, Reach reach) {
    std::optional<size_t> taken;
    run_.Begin();
    for (size_t i = 0;; ++i) {
      if (run_.matches()) taken = i;
      if (taken && reach == Reach::kShortest) return taken;
      if (i == text.size() || !run_.Step(text[i])) return taken;
      steps_ += tokens_.size() + 1;
      if (steps_ > kMaxPatternSteps)
        return Error(Code::kInvalidArgument, "the pattern is too much work for this value");
    }
  }

 private:
  const std::vector<Token> tokens_;
  WildcardRun run_;
  size_t steps_ = 0;
};

}  // namespace

Result<std::string> RemovePrefix(std::string_view value, std::string_view pattern, Reach reach) {
  const std::u32string text = Characters(value);
  Matcher matcher(TRY(Compile(pattern)));
  const std::optional<size_t> taken = TRY(matcher.Match(text, reach));
  return Bytes(std::u32string_view(text).substr(taken.value_or(0)));
}

Result<std::string> RemoveSuffix(std::string_view value, std::string_view pattern, Reach reach) {
  const std::u32string text = Characters(value);
  std::vector<Token> backwards = TRY(Compile(pattern));
  std::reverse(backwards.begin(), backwards.end());
  Matcher matcher(std::move(backwards));
  const std::u32string reversed(text.rbegin(), text.rend());
  const std::optional<size_t> taken = TRY(matcher.Match(reversed, reach));
  return Bytes(std::u32string_view(text).substr(0, text.size() - taken.value_or(0)));
}

Result<std::string> ReplacePattern(std::string_view value, std::string_view pattern,
                                   std::string_view replacement, Replace which) {
  const std::u32string text = Characters(value);
  Matcher matcher(TRY(Compile(pattern)));
  std::string out;
  for (size_t at = 0; at == 0 || at < text.size();) {
    const std::u32string_view rest = std::u32string_view(text).substr(at);
    const std::optional<size_t> taken = TRY(matcher.Match(rest, Reach::kLongest));
    const bool empty_match = taken && *taken == 0;
    if (taken && (!empty_match || at == 0)) {
      out += replacement;
      at += *taken;
      if (out.size() > kMaxExpandedBytes) return Error(Code::kInvalidArgument, "the result is too long");
      if (which == Replace::kFirst || empty_match) return out + Bytes(std::u32string_view(text).substr(at));
    } else {
      out += Bytes(rest.substr(0, 1));
      ++at;
    }
  }
  return out;
}

}  // namespace ctool::build
