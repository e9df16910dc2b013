// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_header_internal.hpp"

#include <algorithm>
#include <cstring>

namespace ctool::archive {
namespace {

constexpr size_t kChecksumAt = 148, kChecksumBytes = 8;

// Big-endian two's complement behind a leading 1 bit (GNU, star).
std::optional<int64_t> Base256(std::string_view field) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(field[i]); };
  const bool negative = (byte(0) & 0x40) != 0;
  const unsigned char fill = negative ? 0xFF : 0;
  uint64_t value = negative ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < field.size(); ++i) {
    const unsigned char next = i == 0 ? (byte(0) & 0x3F) | (fill & 0xC0) : byte(i);
    if (i + 8 < field.size() && next != fill) return std::nullopt;
    value = value << 8 | next;
  }
  if (((value >> 63) != 0) != negative) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::optional<int64_t> Octal(std::string_view field) {
  size_t i = 0;
  while (i < field.size() && field[i] == ' ') ++i;
  int64_t value = 0;
  for (; i < field.size() && field[i] >= '0' && field[i] <= '7'; ++i)
    value = value << 3 | (field[i] - '0');  // 12 digits at most: 36 bits
  for (; i < field.size(); ++i)
    if (field[i] != ' ' && field[i] != '\0') return std::nullopt;
  return value;
}

}  // namespace

std::string_view TarHeader::Text(size_t at, size_t size) const {
  return {block_ + at, ::strnlen(block_ + at, size)};
}

std::optional<int64_t> TarHeader::Number(size_t at, size_t size) const {
  const std::string_view field(block_ + at, size);
  return (static_cast<unsigned char>(field[0]) & 0x80) != 0 ? Base256(field) : Octal(field);
}

bool TarHeader::IsZero() const {
  return block_[0] == 0 && std::memcmp(block_, block_ + 1, kBlockBytes - 1) == 0;
}

bool TarHeader::ChecksumMatches() const {
  unsigned sum = 0;
  int signed_sum = 0;  // what some old writers stored
  for (size_t i = 0; i < kBlockBytes; ++i) {
    sum += static_cast<unsigned char>(block_[i]);
    signed_sum += static_cast<signed char>(block_[i]);
  }
  for (size_t i = kChecksumAt; i < kChecksumAt + kChecksumBytes; ++i) {
    sum += ' ' - static_cast<unsigned char>(block_[i]);
    signed_sum += ' ' - static_cast<signed char>(block_[i]);
  }
  const std::optional<int64_t> stated = Octal({block_ + kChecksumAt, kChecksumBytes});
  return stated.has_value() && (*stated == sum || *stated == signed_sum);
}

std::string_view TarHeader::prefix() const {
  const std::string_view magic(block_ + 257, 8);
  if (magic.substr(0, 6) == std::string_view("ustar\0", 6)) {
    const bool star = std::string_view(block_ + 508, 4) == std::string_view("tar\0", 4);
    return Text(345, star ? 131 : 155);  // star keeps two times behind a shorter prefix
  }
  if (magic != std::string_view("ustar  \0", 8)) return {};
  // GNU keeps atime and ctime here. Archives written by Go before 1.8 claim to be GNU's and hold a
  // prefix all the same; Go's own reader, by which image layers are judged, accepts them so.
  const bool times = (block_[345] == 0 || Number(345, 12).has_value()) &&
                     (block_[357] == 0 || Number(357, 12).has_value());
  const std::string_view text = Text(345, 155);
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
  return times || !ascii ? std::string_view() : text;
}

}  // namespace ctool::archive
