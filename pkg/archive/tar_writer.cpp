// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_writer.hpp"

#include <array>
#include <cstdio>
#include <cstring>

#include "archive/tar_header_internal.hpp"

namespace ctool::archive {
namespace {

constexpr size_t kBufferBytes = 256 << 10;
constexpr uint64_t kMaxOctal7 = 07777777, kMaxOctal11 = 077777777777;
constexpr size_t kNameBytes = 100, kPrefixBytes = 155;

// "LENGTH KEY=VALUE\n", where the length counts itself.
std::string Record(std::string_view key, std::string_view value) {
  const size_t rest = 1 + key.size() + 1 + value.size() + 1;
  size_t length = rest + std::to_string(rest).size();
  if (std::to_string(length).size() + rest != length) length = rest + std::to_string(length).size();
  std::string record = std::to_string(length);
  record.append(" ").append(key).append("=").append(value).append("\n");
  return record;
}

// Where a long name can be cut into ustar's prefix and name; npos: nowhere.
size_t SplitAt(std::string_view path) {
  if (path.size() > kPrefixBytes + 1 + kNameBytes) return std::string_view::npos;
  const size_t first = path.size() - kNameBytes - 1;  // the name may have 100 bytes
  const size_t slash = path.find('/', first);
  if (slash == std::string_view::npos || slash > kPrefixBytes || slash == 0 || slash + 1 == path.size()) return std::string_view::npos;
  return slash;
}

void Octal(char* field, size_t size, uint64_t value) {
  std::array<char, 24> text;
  std::snprintf(text.data(), text.size(), "%0*llo", static_cast<int>(size - 1), static_cast<unsigned long long>(value));
  std::memcpy(field, text.data(), size - 1);
}

char TypeFlag(EntryType type) {
  switch (type) {
    case EntryType::kHardLink: return '1';
    case EntryType::kSymlink: return '2';
    case EntryType::kCharDevice: return '3';
    case EntryType::kBlockDevice: return '4';
    case EntryType::kDirectory: return '5';
    case EntryType::kFifo: return '6';
    case EntryType::kFile: break;
  }
  return '0';
}

std::string BaseName(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1)).substr(0, 80);
}

// What the plain header can't hold.
std::string PaxRecordsOf(const Entry& entry, std::string_view name, uint64_t size) {
  std::string records;
  if (name.size() > kNameBytes && SplitAt(name) == std::string_view::npos) records += Record("path", name);
  if (entry.link.size() > kNameBytes) records += Record("linkpath", entry.link);
  if (entry.uid > kMaxOctal7) records += Record("uid", std::to_string(entry.uid));
  if (entry.gid > kMaxOctal7) records += Record("gid", std::to_string(entry.gid));
  if (size > kMaxOctal11) records += Record("size", std::to_string(size));
  const int64_t seconds = entry.mtime.tv_sec;
  if (seconds < 0 || static_cast<uint64_t>(seconds) > kMaxOctal11) records += Record("mtime", std::to_string(seconds));
  for (const Xattr& xattr : entry.xattrs) records += Record("SCHILY.xattr." + xattr.name, xattr.value);
  return records;
}

std::string Padding(uint64_t bytes) { return std::string((kBlockBytes - bytes % kBlockBytes) % kBlockBytes, '\0'); }

// The map of a sparse file's pieces, which stands before its data; padded to whole blocks.
std::string SparseMap(const Entry& entry, TarWriter::Extents data) {
  // GNU tar marks a hole at the end by an empty piece.
  if (data.empty() || data.back().first + data.back().second < entry.size) data.emplace_back(entry.size, 0);
  std::string map = std::to_string(data.size()) + "\n";
  for (const auto& [offset, length] : data) map += std::to_string(offset) + "\n" + std::to_string(length) + "\n";
  return map + Padding(map.size());
}

}  // namespace

TarWriter::TarWriter(Output output) : output_(std::move(output)) { buffer_.reserve(kBufferBytes); }

Status TarWriter::Flush() {
  if (!buffer_.empty()) TRY(output_(buffer_));
  buffer_.clear();
  return Ok();
}

Status TarWriter::Put(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) TRY(Flush());
  if (bytes.size() >= kBufferBytes) return output_(bytes);
  buffer_.append(bytes);
  return Ok();
}

Status TarWriter::PutHeader(const Entry& entry, std::string_view name, char type, uint64_t size) {
  std::array<char, kBlockBytes> block{};
  char* b = block.data();
  const size_t cut = name.size() > kNameBytes ? SplitAt(name) : std::string_view::npos;
  if (cut != std::string_view::npos) {
    name.copy(b + 345, cut);
    name = name.substr(cut + 1);
  }
  name.copy(b, kNameBytes);
  entry.link.copy(b + 157, kNameBytes);
  Octal(b + 100, 8, entry.mode & 07777);
  Octal(b + 108, 8, entry.uid > kMaxOctal7 ? 0 : entry.uid);
  Octal(b + 116, 8, entry.gid > kMaxOctal7 ? 0 : entry.gid);
  Octal(b + 124, 12, size > kMaxOctal11 ? 0 : size);
  const int64_t seconds = entry.mtime.tv_sec;
  Octal(b + 136, 12, seconds < 0 || static_cast<uint64_t>(seconds) > kMaxOctal11 ? 0 : static_cast<uint64_t>(seconds));
  b[156] = type;
  std::memcpy(b + 257, "ustar\00000", 8);
  Octal(b + 329, 8, 0);
  Octal(b + 337, 8, 0);
  // The checksum counts its own field as blanks.
  std::memset(b + 148, ' ', 8);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  Octal(b + 148, 7, sum);
  b[154] = '\0';
  return Put({b, block.size()});
}

Status TarWriter::PutPax(const std::string& records, const std::string& path) {
  Entry header;
  header.mode = 0644;
  TRY(PutHeader(header, "PaxHeaders.0/" + BaseName(path), 'x', records.size()));
  TRY(Put(records));
  return Put(Padding(records.size()));
}

Status TarWriter::Begin(const Entry& entry, const Extents& data) {
  ++entries_;
  body_ = 0;
  std::string name = entry.path;
  if (entry.type == EntryType::kDirectory && (name.empty() || name.back() != '/')) name += '/';
  if (!entry.sparse) {
    const uint64_t size = entry.type == EntryType::kFile ? entry.size : 0;
    const std::string records = PaxRecordsOf(entry, name, size);
    if (!records.empty()) TRY(PutPax(records, entry.path));
    return PutHeader(entry, name, TypeFlag(entry.type), size);
  }
  const std::string map = SparseMap(entry, data);
  uint64_t size = map.size();
  for (const auto& piece : data) size += piece.second;
  const std::string stored = "GNUSparseFile.0/" + BaseName(entry.path);
  const std::string records = Record("GNU.sparse.major", "1") + Record("GNU.sparse.minor", "0") +
                              Record("GNU.sparse.name", entry.path) + Record("GNU.sparse.realsize", std::to_string(entry.size)) +
                              PaxRecordsOf(entry, stored, size);
  TRY(PutPax(records, entry.path));
  TRY(PutHeader(entry, stored, '0', size));
  return Put(map);  // whole blocks: what follows begins anew
}

Status TarWriter::Write(std::string_view bytes) {
  body_ += bytes.size();
  return Put(bytes);
}

Status TarWriter::WriteAround(uint64_t bytes, const std::function<Status()>& write) {
  body_ += bytes;
  TRY(Flush());
  return write();
}

Status TarWriter::End() { return Put(Padding(body_)); }

Status TarWriter::Finish() {
  TRY(Put(std::string(2 * kBlockBytes, '\0')));
  return Flush();
}

}  // namespace ctool::archive
