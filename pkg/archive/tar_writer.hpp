// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/tar_reader.hpp"
#include "base/result.hpp"

namespace ctool::archive {

// Takes the bytes of an archive, in order.
using Output = std::function<Status(std::string_view bytes)>;

// Writes ustar, with pax extended headers for what that has no room for: long names, large numbers, xattrs and holes
// (GNU sparse 1.0). Times are whole seconds, as other image tools write them, so that an archive that is
// unpacked and packed again is the same.
class TarWriter {
 public:
  explicit TarWriter(Output output);

  // Begins an entry; `path` has no slash in front. A file's `size` bytes follow by Write; those of a sparse one are
  // only the bytes of `data`: offset and length of each piece, in order.
  using Extents = std::vector<std::pair<uint64_t, uint64_t>>;
  Status Begin(const Entry& entry, const Extents& data = {});
  Status Write(std::string_view bytes);
  // The next bytes of the entry, by whoever holds what `output` writes to: what was written so far has reached it.
  Status WriteAround(uint64_t bytes, const std::function<Status()>& write);
  Status End();     // of the entry: fills its last block
  Status Finish();  // of the archive

  uint64_t entries() const { return entries_; }

 private:
  Status Put(std::string_view bytes);
  Status PutHeader(const Entry& entry, std::string_view name, char type, uint64_t size);
  Status PutPax(const std::string& records, const std::string& path);
  Status Flush();

  Output output_;
  std::string buffer_;
  uint64_t body_ = 0;  // bytes of the present entry so far
  uint64_t entries_ = 0;
};

}  // namespace ctool::archive
