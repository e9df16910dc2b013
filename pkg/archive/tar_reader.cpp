// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "archive/entry_path_internal.hpp"
#include "archive/pax_internal.hpp"
#include "archive/tar_header_internal.hpp"
#include "base/text.hpp"

namespace ctool::archive {
namespace {

// Fits the second-level cache: what the decompressor wrote is still there when it is hashed and
// written to the file.
constexpr size_t kBufferBytes = 256 << 10;

uint64_t PaddingOf(uint64_t size) { return (kBlockBytes - size % kBlockBytes) % kBlockBytes; }

Error Truncated() { return Error(Code::kCorrupt, "truncated tar archive"); }

Error BadEntry(const Entry& entry, std::string_view reason) {
  return Error(Code::kCorrupt, "entry " + Shown(entry.path) + ": " + std::string(reason));
}

std::optional<EntryType> TypeOf(char flag) {
  switch (flag) {
    case '\0':
    case '0':
    case '7':  // contiguous: a regular file
    case 'S': return EntryType::kFile;
    case '1': return EntryType::kHardLink;
    case '2': return EntryType::kSymlink;
    case '3': return EntryType::kCharDevice;
    case '4': return EntryType::kBlockDevice;
    case '5': return EntryType::kDirectory;
    case '6': return EntryType::kFifo;
    default: return std::nullopt;
  }
}

}  // namespace

struct TarReader::Extensions {
  PaxRecords pax;
  std::string name, link;  // GNU L and K
  bool has_pax = false, has_name = false, has_link = false;
  bool any() const { return has_pax || has_name || has_link; }
};

bool LooksLikeTar(std::string_view first_block) {
  if (first_block.size() < kBlockBytes) return false;
  const TarHeader header(first_block.data());
  return header.IsZero() || header.ChecksumMatches();
}

TarReader::TarReader(Source& in)
    : in_(in), buffer_(kBufferBytes), globals_(std::make_unique<PaxRecords>()) {}
TarReader::~TarReader() = default;

// --- the stream, by blocks ---

Error TarReader::NotTar(std::string_view reason) const {
  return Error(Code::kCorrupt, "not a tar archive: " + std::string(reason) + " at offset " +
                                   std::to_string(offset_ - std::min<uint64_t>(offset_, kBlockBytes)));
}

// Makes `least` bytes available in one piece; false when the stream ends before.
Result<bool> TarReader::Fill(size_t least) {
  if (end_ - begin_ >= least) return true;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  while (end_ < least) {
    const size_t n = TRY(in_.Read(std::span<char>(buffer_).subspan(end_)));
    if (n == 0) return false;
    end_ += n;
  }
  return true;
}

void TarReader::Advance(size_t bytes) {
  begin_ += bytes;
  offset_ += bytes;
}

// The next block, in the buffer until the next read; null at the end of the stream.
Result<const char*> TarReader::NextBlock() {
  if (!TRY(Fill(kBlockBytes))) {
    if (begin_ == end_) return nullptr;
    if (offset_ == 0) return NotTar("less than one block");
    return Truncated();
  }
  const char* block = buffer_.data() + begin_;
  Advance(kBlockBytes);
  return block;
}

Status TarReader::Skip(uint64_t bytes) {
  while (bytes > 0) {
    if (begin_ == end_) {
      const uint64_t skipped = TRY(in_.Skip(bytes));
      offset_ += skipped;
      bytes -= skipped;
      if (skipped > 0) continue;
    }
    if (!TRY(Fill(1))) return Truncated();
    const size_t n = std::min<uint64_t>(bytes, end_ - begin_);
    Advance(n);
    bytes -= n;
  }
  return Ok();
}

Status TarReader::SkipBody() {
  TRY(Skip(std::exchange(body_left_, 0)));
  const uint64_t padding = std::exchange(padding_, 0);
  // Some writers leave the padding of the last entry out; every reader accepts that.
  if (padding == 0 || !TRY(Fill(padding))) {
    Advance(padding == 0 ? 0 : end_ - begin_);
    return Ok();
  }
  Advance(padding);
  return Ok();
}

Status TarReader::Drain() {
  for (;;) {
    offset_ += end_ - begin_;
    begin_ = 0;
    end_ = TRY(in_.Read(buffer_));
    if (end_ == 0) return Ok();
  }
}

Status TarReader::ExpectEnd(uint64_t most) {
  for (uint64_t seen = 0;;) {
    if (!TRY(Fill(1))) return Ok();
    const char* begin = buffer_.data() + begin_;
    const size_t n = end_ - begin_;
    seen += n;
    if (seen > most || std::any_of(begin, begin + n, [](char c) { return c != '\0'; }))
      return Error(Code::kCorrupt, "trailing data after the archive, at offset " + std::to_string(offset_));
    Advance(n);
  }
}

// --- headers ---

Result<bool> TarReader::Next(Entry& entry) {
  if (archive_ended_) return false;
  TRY(SkipBody());
  Extensions extensions;
  extensions.pax = *globals_;
  for (;;) {
    const char* block = TRY(NextBlock());
    const bool zero = block != nullptr && TarHeader(block).IsZero();
    if (block == nullptr || zero) {
      if (extensions.any()) return Truncated();
      archive_ended_ = true;
      if (zero) TRY(EndOfArchive());
      return false;
    }
    if (!TarHeader(block).ChecksumMatches()) return NotTar("wrong header checksum");
    const char flag = TarHeader(block).flag();
    if (flag == 'x' || flag == 'g' || flag == 'L' || flag == 'K') {
      TRY(Extend(flag, block, extensions));
    } else {
      TRY(ReadEntry(block, extensions, entry));
      return true;
    }
  }
}

// Two zero blocks, or one and the end of the stream. After one alone GNU tar and libarchive stop
// and Go does not.
Status TarReader::EndOfArchive() {
  const char* second = TRY(NextBlock());
  if (second != nullptr && !TarHeader(second).IsZero()) return NotTar("a lone zero block");
  return Ok();
}

Result<std::string> TarReader::ReadExtension(const char* block) {
  const std::optional<int64_t> size = TarHeader(block).size();
  if (!size.has_value() || *size < 0)
    return Error(Code::kCorrupt, "invalid size of an extended header");
  if (static_cast<uint64_t>(*size) > kMaxExtensionBytes)
    return Error(Code::kCorrupt, "extended header too large: " + std::to_string(*size) + " bytes");
  std::string body;
  auto left = static_cast<size_t>(*size);
  while (left > 0) {
    if (!TRY(Fill(1))) return Truncated();
    const size_t n = std::min(left, end_ - begin_);
    body.append(buffer_.data() + begin_, n);
    Advance(n);
    left -= n;
  }
  TRY(Skip(PaddingOf(body.size())));
  return body;
}

Status TarReader::Extend(char flag, const char* block, Extensions& extensions) {
  // No writer repeats one of them for an entry, and readers differ in which they take.
  bool& seen = flag == 'L' ? extensions.has_name
               : flag == 'K' ? extensions.has_link
                             : extensions.has_pax;
  if (seen || (flag == 'g' && extensions.any())) return NotTar("misplaced extended header");
  std::string body = TRY(ReadExtension(block));
  if (flag == 'g') {
    TRY(globals_->ParseGlobal(body));
    extensions.pax = *globals_;
    return Ok();
  }
  seen = true;
  if (flag == 'x') return extensions.pax.ParseExtended(body);
  body.resize(::strnlen(body.data(), body.size()));
  (flag == 'L' ? extensions.name : extensions.link) = std::move(body);
  return Ok();
}

Status TarReader::ReadOwner(const char* block, const PaxRecords& pax, Entry& entry) const {
  const TarHeader header(block);
  const auto id = [&](std::string_view key, std::optional<uint32_t> record,
                      std::optional<int64_t> field) -> Result<uint32_t> {
    if (record.has_value()) return *record;
    if (field.has_value() && *field >= 0 && *field < std::numeric_limits<uint32_t>::max())
      return static_cast<uint32_t>(*field);
    return BadEntry(entry, "invalid " + std::string(key) +
                               (field.has_value() ? " " + std::to_string(*field) : ""));
  };
  entry.uid = TRY(id("uid", pax.uid, header.uid()));
  entry.gid = TRY(id("gid", pax.gid, header.gid()));
  const std::optional<int64_t> mode = header.mode(), mtime = header.mtime();
  if (!mode.has_value()) return BadEntry(entry, "invalid mode");
  entry.mode = static_cast<uint32_t>(*mode) & 07777;
  if (!pax.mtime.has_value() && !mtime.has_value()) return BadEntry(entry, "invalid mtime");
  entry.mtime = pax.mtime.has_value() ? *pax.mtime : timespec{.tv_sec = *mtime, .tv_nsec = 0};
  return Ok();
}

Status TarReader::ReadEntry(const char* block, Extensions& extensions, Entry& entry) {
  const TarHeader header(block);
  PaxRecords& pax = extensions.pax;
  if (extensions.has_name) entry.path = std::move(extensions.name);
  else if (!pax.path.empty()) entry.path = std::move(pax.path);
  else if (const std::string_view prefix = header.prefix(); !prefix.empty())
    entry.path.assign(prefix).append("/").append(header.name());
  else entry.path.assign(header.name());
  if (!pax.sparse_name.empty()) entry.path = std::move(pax.sparse_name);
  if (entry.path.empty()) return NotTar("an entry with an empty name");

  const char flag = header.flag();
  const std::optional<EntryType> type = TypeOf(flag);
  if (!type.has_value())
    return BadEntry(entry, "unknown entry type " + Quote(std::string_view(&flag, 1)));
  entry.type = *type;
  if (extensions.has_link) entry.link = std::move(extensions.link);
  else if (!pax.link.empty()) entry.link = std::move(pax.link);
  else entry.link.assign(header.link());
  TRY(ReadOwner(block, pax, entry));
  entry.xattrs = std::move(pax.xattrs);
  entry.size = 0;
  entry.sparse = false;
  sparse_ = false;
  data_offset_ = 0;
  // Whatever their size field says the other types have no data, as Go's reader has it: a hard
  // link's may be the size of its file.
  if (entry.type != EntryType::kFile) return Ok();

  const std::optional<int64_t> field = header.size();
  const uint64_t size = pax.size.has_value() ? *pax.size
                        : field.has_value()  ? static_cast<uint64_t>(*field)
                                             : std::numeric_limits<uint64_t>::max();
  if (size > kMaxFileBytes) return BadEntry(entry, "invalid size, or one of more than 16 TiB");
  entry.size = body_left_ = size;
  padding_ = PaddingOf(size);
  if (flag == 'S') {
    const std::optional<int64_t> real_size = header.Number(483, 12);
    if (!real_size.has_value() || *real_size < 0) return BadEntry(entry, "invalid sparse map size");
    const std::vector<uint64_t> map = TRY(ReadOldSparse(block));
    entry.size = static_cast<uint64_t>(*real_size);
    TRY(SetExtents(map, entry));
  } else {
    TRY(ReadPaxSparse(pax, entry));
  }
  entry.sparse = sparse_;
  // Before POSIX.1-1988 a directory was a file with a slash behind its name.
  if (entry.path.back() == '/') {
    if (entry.size > 0) return BadEntry(entry, "a directory with data");
    entry.type = EntryType::kDirectory;
  }
  return Ok();
}

// --- sparse files ---

// "Old GNU": four extents in the header, then 21 in each extension block.
Result<std::vector<uint64_t>> TarReader::ReadOldSparse(const char* block) {
  std::vector<uint64_t> map;
  size_t at = 386, count = 4, more_at = 482;
  for (;;) {
    const TarHeader header(block);
    for (size_t i = 0; i < count; ++i, at += 24) {
      if (block[at] == 0) break;  // unused: the rest of the table is, too
      const std::optional<int64_t> offset = header.Number(at, 12), size = header.Number(at + 12, 12);
      if (!offset.has_value() || !size.has_value() || *offset < 0 || *size < 0)
        return Error(Code::kCorrupt, "invalid number in a sparse map");
      map.push_back(static_cast<uint64_t>(*offset));
      map.push_back(static_cast<uint64_t>(*size));
    }
    if (block[more_at] == 0) return map;
    if (map.size() > 2 * kMaxSparseExtents)
      return Error(Code::kCorrupt, "sparse map has too many entries");
    block = TRY(NextBlock());
    if (block == nullptr) return Truncated();
    at = 0, count = 21, more_at = 504;
  }
}

// pax 1.0: decimal numbers, a line each, in front of the data and padded to a block: the number of
// extents, then offset and size of each.
Result<std::vector<uint64_t>> TarReader::ReadSparse10() {
  const Error bad(Code::kCorrupt, "invalid sparse map in front of the data");
  std::vector<uint64_t> map;
  std::optional<uint64_t> count;
  uint64_t number = 0;
  size_t digits = 0;
  for (;;) {
    if (body_left_ < kBlockBytes) return bad;
    const char* block = TRY(NextBlock());
    if (block == nullptr) return Truncated();
    body_left_ -= kBlockBytes;
    for (size_t i = 0; i < kBlockBytes; ++i) {
      if (block[i] >= '0' && block[i] <= '9' && digits < 18) {
        number = number * 10 + static_cast<uint64_t>(block[i] - '0');
        ++digits;
        continue;
      }
      if (block[i] != '\n' || digits == 0) return bad;
      if (count.has_value()) map.push_back(number);
      else count = number;
      if (*count > kMaxSparseExtents)
        return Error(Code::kCorrupt, "sparse map has too many entries");
      if (map.size() == 2 * *count) return map;
      number = digits = 0;
    }
  }
}

Status TarReader::ReadPaxSparse(PaxRecords& pax, Entry& entry) {
  const std::string& version = pax.sparse_version;
  if (version.empty() && !pax.sparse_blocks.has_value() && pax.sparse_map.empty()) return Ok();
  if (!pax.sparse_size.has_value()) return BadEntry(entry, "sparse map without a size");
  std::vector<uint64_t> map;
  if (version == "1.0") {
    map = TRY(ReadSparse10());
  } else if (version.empty() || version == "0.0" || version == "0.1") {
    map = std::move(pax.sparse_map);
    if (pax.sparse_blocks.has_value() && map.size() / 2 != *pax.sparse_blocks)
      return BadEntry(entry, "sparse map of another length than stated");
  } else {
    return BadEntry(entry, "unknown sparse map version " + Quote(version));
  }
  entry.size = *pax.sparse_size;
  return SetExtents(map, entry);
}

// Extents must be in order, inside the file, and as long together as the data that is there.
Status TarReader::SetExtents(const std::vector<uint64_t>& map, const Entry& entry) {
  if (map.size() % 2 != 0 || map.size() > 2 * kMaxSparseExtents || entry.size > kMaxFileBytes)
    return BadEntry(entry, "sparse map or its file too large");
  extents_.clear();
  extent_ = 0;
  uint64_t end = 0, sum = 0;
  for (size_t i = 0; i < map.size(); i += 2) {
    const uint64_t offset = map[i], size = map[i + 1];
    if (offset < end || offset > entry.size || size > entry.size - offset)
      return BadEntry(entry, "sparse map out of order or beyond the file's size");
    end = offset + size;
    sum += size;
    if (size > 0) extents_.push_back(Extent{.offset = offset, .size = size});
  }
  if (sum != body_left_) return BadEntry(entry, "sparse map does not match the data");
  sparse_ = true;
  return Ok();
}

Result<TarReader::Chunk> TarReader::Data() {
  if (body_left_ == 0) return Chunk{};
  if (!TRY(Fill(1))) return Truncated();
  uint64_t n = std::min<uint64_t>(body_left_, end_ - begin_);
  uint64_t offset = data_offset_;
  if (sparse_) {
    Extent& extent = extents_[extent_];
    n = std::min(n, extent.size);
    offset = extent.offset;
    extent.offset += n;
    extent.size -= n;
    if (extent.size == 0) ++extent_;
  }
  const Chunk chunk{.offset = offset, .bytes = {buffer_.data() + begin_, n}};
  Advance(n);
  body_left_ -= n;
  data_offset_ += n;
  return chunk;
}

}  // namespace ctool::archive
