// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/stream.hpp"
#include "base/result.hpp"

namespace ctool::archive {

enum class EntryType { kFile, kHardLink, kSymlink, kCharDevice, kBlockDevice, kDirectory, kFifo };

struct Xattr {
  std::string name, value;
};

// One entry as the archive states it: names are byte-exact and not yet checked as paths, except
// that they are neither empty nor hold a NUL.
struct Entry {
  EntryType type = EntryType::kFile;
  std::string path;
  std::string link;    // kHardLink, kSymlink
  uint32_t mode = 0;   // 07777
  uint32_t uid = 0, gid = 0;  // never (uint32_t)-1, which chown takes for "leave it"
  timespec mtime{};
  uint64_t size = 0;    // of a regular file, holes included
  bool sparse = false;  // the data has holes; the last may reach to `size`
  std::vector<Xattr> xattrs;
};

struct PaxRecords;

// The limits against archives that are made to use up memory.
inline constexpr size_t kMaxExtensionBytes = 1 << 20;   // one pax header or GNU long name
inline constexpr size_t kMaxSparseExtents = 10000;      // of one file
inline constexpr uint64_t kMaxFileBytes = 1ULL << 44;   // ext4 has no larger file

// Whether the first 512 bytes of a stream are the header of a tar archive, or its end.
bool LooksLikeTar(std::string_view first_block);

// A strict reader of ustar, pax, GNU and v7 archives. Where the common readers disagree on what an
// archive holds it is an error here: DESIGN.md lists each case.
// Errors: kCorrupt; what the source returns.
class TarReader {
 public:
  explicit TarReader(Source& in);
  ~TarReader();

  // The next entry into `entry` (whose memory is used again); what is left of the one before is
  // skipped. False at the end of the archive.
  Result<bool> Next(Entry& entry);

  // A piece of the present entry's data, in the reader's own buffer until the next call; empty at
  // the end. `offset` is its place in the file: holes are left out.
  struct Chunk {
    uint64_t offset = 0;
    std::string_view bytes;
  };
  Result<Chunk> Data();

  // Where in the stream the data of the present entry begins. Not for a sparse one.
  uint64_t offset() const { return offset_; }

  // Reads the stream to its end, whatever follows the archive.
  Status Drain();
  // The same for an archive that stands for itself: only zero blocks may follow, at most `most` bytes of them.
  Status ExpectEnd(uint64_t most);

 private:
  struct Extent {
    uint64_t offset = 0, size = 0;
  };
  struct Extensions;  // the extended headers before an entry

  // The stream, by blocks.
  Result<bool> Fill(size_t least);
  void Advance(size_t bytes);
  Result<const char*> NextBlock();
  Status Skip(uint64_t bytes);
  Status SkipBody();
  Error NotTar(std::string_view reason) const;

  // Headers.
  Status EndOfArchive();
  Status Extend(char flag, const char* block, Extensions& extensions);
  Result<std::string> ReadExtension(const char* block);
  Status ReadEntry(const char* block, Extensions& extensions, Entry& entry);
  Status ReadOwner(const char* block, const PaxRecords& pax, Entry& entry) const;

  // Sparse files.
  Result<std::vector<uint64_t>> ReadOldSparse(const char* block);
  Result<std::vector<uint64_t>> ReadSparse10();
  Status ReadPaxSparse(PaxRecords& pax, Entry& entry);
  Status SetExtents(const std::vector<uint64_t>& map, const Entry& entry);

  Source& in_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
  uint64_t offset_ = 0;  // of buffer_[begin_] in the stream
  bool archive_ended_ = false;

  uint64_t body_left_ = 0;  // bytes of the present entry still in the stream
  uint64_t padding_ = 0;    // what fills its last block
  uint64_t data_offset_ = 0;
  bool sparse_ = false;
  std::vector<Extent> extents_;  // of a sparse file; extent_ is the one being read
  size_t extent_ = 0;

  std::unique_ptr<PaxRecords> globals_;  // what pax global headers have set
};

}  // namespace ctool::archive
