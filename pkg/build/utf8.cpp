// SPDX-License-Identifier: Apache-2.0
#include "build/utf8.hpp"

namespace ctool::build {
namespace {

constexpr char32_t kByte = 0x110000;  // beyond Unicode: kByte + b stands for a stray byte b

// The length of the sequence that `text` begins with, and its value; 1 and a stray byte if invalid.
size_t DecodeOne(std::string_view text, char32_t& out) {
  const auto lead = static_cast<unsigned char>(text.front());
  out = lead < 0x80 ? lead : kByte + lead;
  const size_t length = lead >= 0xF5 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (length == 1 || length > text.size()) return 1;
  char32_t value = lead & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return 1;
    value = value << 6 | (next & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 1;
  out = value;
  return length;
}

}  // namespace

std::u32string Characters(std::string_view bytes) {
  std::u32string characters;
  characters.reserve(bytes.size());
  while (!bytes.empty()) {
    char32_t one = 0;
    bytes.remove_prefix(DecodeOne(bytes, one));
    characters += one;
  }
  return characters;
}

std::string Bytes(std::u32string_view characters) {
  std::string bytes;
  bytes.reserve(characters.size());
  for (const char32_t c : characters) {
    const auto tail = [&](int shift) { bytes += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c >= kByte) {
      bytes += static_cast<char>(c - kByte);
    } else if (c < 0x80) {
      bytes += static_cast<char>(c);
    } else if (c < 0x800) {
      bytes += static_cast<char>(0xC0 | (c >> 6));
      tail(0);
    } else if (c < 0x10000) {
      bytes += static_cast<char>(0xE0 | (c >> 12));
      tail(6);
      tail(0);
    } else {
      bytes += static_cast<char>(0xF0 | (c >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return bytes;
}

}  // namespace ctool::build
