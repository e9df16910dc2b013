// SPDX-License-Identifier: Apache-2.0
#include "cli/gotext.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/text.hpp"

namespace ctool::cli {
namespace {

Error NumberError(std::string_view function, std::string_view text, std::string_view why) {
  return Error(Code::kInvalidArgument,
               fmt::format("strconv.{}: parsing {}: {}", function, GoQuote(text), why));
}

constexpr std::string_view kSyntax = "invalid syntax";
constexpr std::string_view kRange = "value out of range";

// Takes the prefix off and says the base; `digits` are without underscores afterwards. False when
// an underscore stands anywhere but between digits (or behind the prefix).
bool SplitBase(std::string_view text, int& base, std::string& digits) {
  base = 10;
  bool prefix = false;
  if (text.size() >= 3 && text[0] == '0') {
    const char c = text[1] | 0x20;
    if (c == 'x') base = 16;
    if (c == 'o') base = 8;
    if (c == 'b') base = 2;
    if (base != 10) text.remove_prefix(2), prefix = true;
  }
  if (base == 10 && text.size() > 1 && text[0] == '0')
    base = 8, text.remove_prefix(1), prefix = true;
  char previous = prefix ? '0' : '_';
  for (const char c : text) {
    if (c == '_' && previous == '_') return false;
    if (c != '_') digits += c;
    previous = c;
  }
  return previous != '_';
}

Result<uint64_t> ParseMagnitude(std::string_view function, std::string_view whole,
                                std::string_view text) {
  int base = 10;
  std::string digits;
  if (!SplitBase(text, base, digits)) return NumberError(function, whole, kSyntax);
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, err] = std::from_chars(digits.data(), end, value, base);
  if (at != end || err == std::errc::invalid_argument) return NumberError(function, whole, kSyntax);
  if (err != std::errc()) return NumberError(function, whole, kRange);
  return value;
}

}  // namespace

Result<int64_t> ParseGoInt(std::string_view text) {
  constexpr std::string_view kName = "ParseInt";
  std::string_view digits = text;
  const bool negative = StartsWith(text, "-");
  if (negative || StartsWith(text, "+")) digits.remove_prefix(1);
  const uint64_t size = TRY(ParseMagnitude(kName, text, digits));
  const uint64_t most = uint64_t{1} << 63;
  if (size > most || (size == most && !negative)) return NumberError(kName, text, kRange);
  return static_cast<int64_t>(negative ? 0 - size : size);
}

Result<uint64_t> ParseGoUint(std::string_view text) {
  return ParseMagnitude("ParseUint", text, text);
}

Result<double> ParseGoFloat(std::string_view text) {
  std::string_view digits = text;
  const bool negative = StartsWith(text, "-");
  if (negative || StartsWith(text, "+")) digits.remove_prefix(1);
  auto format = std::chars_format::general;
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] | 0x20) == 'x') {
    format = std::chars_format::hex;
    digits.remove_prefix(2);
  }
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, err] = std::from_chars(digits.data(), end, value, format);
  // A sign of its own or "nan(...)" is from_chars' syntax, not Go's.
  const bool bad = at != end || digits.empty() || digits[0] == '-' || EndsWith(digits, ")");
  if (bad || err == std::errc::invalid_argument) return NumberError("ParseFloat", text, kSyntax);
  if (err != std::errc()) return NumberError("ParseFloat", text, kRange);
  return negative ? -value : value;
}

Result<bool> ParseGoBool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return NumberError("ParseBool", text, kSyntax);
}

std::string FormatGoFloat(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  if (precision >= 0) {
    return verb == 'f'   ? fmt::format("{:.{}f}", value, precision)
           : verb == 'e' ? fmt::format("{:.{}e}", value, precision)
                         : fmt::format("{:.{}g}", value, precision);
  }
  char text[400];  // the longest double in fixed form has 309 digits before the point
  const auto write = [&](std::chars_format form) {
    return std::string(text, std::to_chars(text, text + sizeof text, value, form).ptr);
  };
  if (verb == 'f') return write(std::chars_format::fixed);
  const std::string scientific = write(std::chars_format::scientific);
  if (verb == 'e') return scientific;
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  const bool small = exponent >= -4 && exponent < 6;
  return small ? write(std::chars_format::fixed) : scientific;
}

uint32_t NextRune(std::string_view text, size_t& i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char c = byte(i++);
  if (c < 0x80) return c;
  const size_t more = c >= 0xF0 && c < 0xF5 ? 3 : c >= 0xE0 ? 2 : c >= 0xC2 ? 1 : 0;
  if (more == 0 || c >= 0xF5 || i + more > text.size()) return kRuneError;
  uint32_t rune = c & (0x3Fu >> more);
  for (size_t k = 0; k < more; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return kRuneError;
    rune = rune << 6 | (byte(i + k) & 0x3Fu);
  }
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (rune < kLeast[more] || rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000))
    return kRuneError;
  i += more;
  return rune;
}

void AppendRune(std::string& out, uint32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) rune = kRuneError;
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xC0 | rune >> 6), put(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    put(0xE0 | rune >> 12), put(0x80 | (rune >> 6 & 0x3F)), put(0x80 | (rune & 0x3F));
  } else {
    put(0xF0 | rune >> 18), put(0x80 | (rune >> 12 & 0x3F));
    put(0x80 | (rune >> 6 & 0x3F)), put(0x80 | (rune & 0x3F));
  }
}

size_t RuneCount(std::string_view text) {
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++n) NextRune(text, i);
  return n;
}

// Go has the tables of Unicode for this. Here: the ASCII part exactly, and beyond it everything but
// controls, invisible format characters, line separators, private use and what is no character.
bool IsPrint(uint32_t r) {
  if (r < 0x7F) return r >= 0x20;
  if (r < 0xA1 || r == 0xAD) return false;
  if ((r >= 0x2000 && r <= 0x200F) || (r >= 0x2028 && r <= 0x202F)) return false;
  if ((r >= 0x205F && r <= 0x206F) || r == 0x3000 || r == 0xFEFF || r == 0x180E) return false;
  if ((r >= 0xD800 && r < 0xF900) || r >= 0xE0000) return false;
  return (r & 0xFFFE) != 0xFFFE && !(r >= 0xFFF0 && r <= 0xFFFB);
}

namespace {

void AppendQuotedRune(std::string& out, uint32_t rune, char quote) {
  if (rune == static_cast<unsigned char>(quote) || rune == '\\') {
    out += '\\';
    out += static_cast<char>(rune);
    return;
  }
  if (IsPrint(rune)) return AppendRune(out, rune);
  constexpr std::string_view kControls = "abtnvfr";  // 7..13
  if (rune >= 7 && rune <= 13) {
    out += '\\';
    out += kControls[rune - 7];
  } else if (rune < 0x20 || rune == 0x7F) {
    out += fmt::format("\\x{:02x}", rune);
  } else {
    out += rune < 0x10000 ? fmt::format("\\u{:04x}", rune) : fmt::format("\\U{:08x}", rune);
  }
}

}  // namespace

std::string GoQuote(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    const uint32_t rune = NextRune(text, i);
    if (rune == kRuneError && i - start == 1)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[start]));
    else
      AppendQuotedRune(out, rune, '"');
  }
  return out += '"';
}

std::string GoQuoteRune(uint32_t rune) {
  std::string out = "'";
  AppendQuotedRune(out, rune > 0x10FFFF ? kRuneError : rune, '\'');
  return out += '\'';
}

}  // namespace ctool::cli
