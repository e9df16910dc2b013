// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <sys/random.h>

#include <array>
#include <cctype>
#include <charconv>

#include "base/result.hpp"

namespace ctool {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// Length of the valid UTF-8 sequence at text[i] that is no C1 control, or 0.
size_t Utf8Length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char c = byte(i);
  size_t n = 0;
  uint32_t value = 0, least = 0;
  if (c < 0x80) return 1;
  if ((c & 0xE0) == 0xC0) n = 2, value = c & 0x1Fu, least = 0x80;
  else if ((c & 0xF0) == 0xE0) n = 3, value = c & 0x0Fu, least = 0x800;
  else if ((c & 0xF8) == 0xF0) n = 4, value = c & 0x07u, least = 0x10000;
  else return 0;
  if (i + n > text.size()) return 0;
  for (size_t k = 1; k < n; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte(i + k) & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  const bool c1 = value >= 0x80 && value < 0xA0;
  return value < least || value > 0x10FFFF || surrogate || c1 ? 0 : n;
}

template <class T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [at, err] = std::from_chars(text.data(), end, value);
  if (err != std::errc() || at != end || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::string Printable(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    const auto c = static_cast<unsigned char>(raw[i]);
    const size_t n = Utf8Length(raw, i);
    if (n == 0 || c < 0x20 || c == 0x7F) {
      out += "\\x";
      out += kHexDigits[c >> 4];
      out += kHexDigits[c & 15];
      ++i;
    } else {
      out.append(raw, i, n);
      i += n;
    }
  }
  return out;
}

std::string Quote(std::string_view raw) {
  std::string out = "\"";
  for (const char c : Printable(raw)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out += '"';
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

std::optional<int64_t> ParseInt(std::string_view text) { return ParseNumber<int64_t>(text); }
std::optional<uint64_t> ParseUint(std::string_view text) { return ParseNumber<uint64_t>(text); }

std::string Hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char b : bytes) {
    const auto c = static_cast<unsigned char>(b);
    out += kHexDigits[c >> 4];
    out += kHexDigits[c & 15];
  }
  return out;
}

std::string RandomHexId() {
  std::array<char, 32> bytes{};
  // Reads of up to 256 bytes are never cut short once the pool is initialised (getrandom(2)).
  CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return Hex({bytes.data(), bytes.size()});
}

}  // namespace ctool
