// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctool::archive {

inline constexpr size_t kBlockBytes = 512;

// The 512-byte header. Spec: POSIX.1-2008 pax, "ustar Interchange Format"; GNU tar manual, "Basic
// Tar Format" for what GNU keeps in place of the prefix.
class TarHeader {
 public:
  explicit TarHeader(const char* block) : block_(block) {}

  bool IsZero() const;
  bool ChecksumMatches() const;
  char flag() const { return block_[156]; }

  std::string_view name() const { return Text(0, 100); }
  std::string_view link() const { return Text(157, 100); }
  // What stands before name() and a slash; empty in the formats that have no such field.
  std::string_view prefix() const;

  // Numbers: octal text or GNU's base-256. Nothing when the field holds neither or does not fit.
  std::optional<int64_t> mode() const { return Number(100, 8); }
  std::optional<int64_t> uid() const { return Number(108, 8); }
  std::optional<int64_t> gid() const { return Number(116, 8); }
  std::optional<int64_t> size() const { return Number(124, 12); }
  std::optional<int64_t> mtime() const { return Number(136, 12); }

  // Any field, for the old GNU sparse map.
  std::optional<int64_t> Number(size_t at, size_t size) const;

 private:
  std::string_view Text(size_t at, size_t size) const;  // up to the first NUL
  const char* block_;
};

}  // namespace ctool::archive
