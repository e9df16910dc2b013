// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/gotext.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

// The number behind \x, \u, \U or \: `digits` digits of `base`.
std::optional<uint32_t> EscapedNumber(std::string_view digits, uint32_t base) {
  uint32_t value = 0;
  for (const char c : digits) {
    const char lower = static_cast<char>(c | 0x20);
    const bool letter = lower >= 'a' && lower <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    const uint32_t digit = static_cast<uint32_t>(letter ? lower - 'a' + 10 : c - '0');
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

// The value of a "..." or '...' literal of Go, with its quotes; nothing when an escape is wrong.
std::optional<std::string> Unquote(std::string_view text) {
  const char quote = text[0];
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    if (++i >= text.size()) return std::nullopt;
    const char c = text[i++];
    constexpr std::string_view kLetters = "abfnrtv\\", kBytes = "\a\b\f\n\r\t\v\\";
    if (const size_t at = kLetters.find(c); at != kLetters.npos) {
      out += kBytes[at];
      continue;
    }
    if (c == quote) {
      out += c;
      continue;
    }
    const bool octal = c >= '0' && c <= '7';
    const size_t n = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (octal) --i;
    if (n == 0 || i + n > text.size()) return std::nullopt;
    const auto value = EscapedNumber(text.substr(i, n), octal ? 8 : 16);
    const bool byte = n <= 3;
    if (!value || *value > (byte ? 255u : 0x10FFFFu)) return std::nullopt;
    i += n;
    if (byte)
      out += static_cast<char>(*value);
    else
      AppendRune(out, *value);
  }
  return out;
}

// The parser adds where.
Error Wrong(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

Result<Value> Number(std::string_view text) {
  if (const auto i = ParseGoInt(text); i.ok()) return Value(*i);
  if (const auto u = ParseGoUint(text); u.ok()) return Value(*u);
  const bool real = text.find_first_of(".eEpP") != text.npos;
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  if (const auto d = ParseGoFloat(plain); real && d.ok()) return Value(*d);
  if (!real && ParseGoFloat(plain).ok())
    return Wrong(fmt::format("integer overflow: {}", GoQuote(text)));
  return Wrong(fmt::format("illegal number syntax: {}", GoQuote(text)));
}

}  // namespace

Result<Value> LiteralValue(const Lexeme& l) {
  switch (l.token) {
    case Token::kBool: return Value(l.text == "true");
    case Token::kRawString: {
      std::string raw(l.text.substr(1, l.text.size() - 2));
      raw.erase(std::remove(raw.begin(), raw.end(), '\r'), raw.end());
      return Value(std::move(raw));
    }
    case Token::kString: {
      auto text = Unquote(l.text);
      if (!text) return Wrong("invalid syntax");
      return Value(std::move(*text));
    }
    case Token::kChar: {
      const auto text = Unquote(l.text);
      if (!text || RuneCount(*text) != 1) return Wrong(fmt::format("malformed character constant: {}", l.text));
      size_t i = 0;
      return Value(static_cast<int64_t>(NextRune(*text, i)));
    }
    default: return Number(l.text);
  }
}

}  // namespace ctool::cli
