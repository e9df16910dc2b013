// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar_reader.hpp"
#include "base/result.hpp"

namespace ctool::archive {

// What a pax extended header says about the entry after it. Records that do not change what is
// unpacked (comment, atime, uname, hdrcharset, LIBARCHIVE.xattr beside SCHILY.xattr, ...) are left
// out. Spec: POSIX.1-2008 pax, "pax Extended Header"; GNU tar manual, "Storing Sparse Files".
struct PaxRecords {
  std::string path, link;  // empty: not set
  std::optional<uint64_t> size;
  std::optional<uint32_t> uid, gid;
  std::optional<timespec> mtime;
  std::vector<Xattr> xattrs;

  std::string sparse_version;  // "1.0"; 0.0 has none
  std::string sparse_name;
  std::optional<uint64_t> sparse_size, sparse_blocks;
  std::vector<uint64_t> sparse_map;  // offset, size, offset, size, ... (0.0 and 0.1)

  // Adds the records of an extended header to what is set already; an empty value takes a record
  // back, and the last of several counts. kCorrupt "bad pax record", "invalid uid", "size", ...
  Status ParseExtended(std::string_view body);
  // Adds those of a global header, which may only set owner and time: other readers ignore global
  // records, so one that sets a name, a size or a sparse map is kCorrupt.
  Status ParseGlobal(std::string_view body);

 private:
  Status Set(std::string_view key, std::string_view value);
  Status SetSparse(std::string_view key, std::string_view value);
};

}  // namespace ctool::archive
