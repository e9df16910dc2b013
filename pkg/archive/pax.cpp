// SPDX-License-Identifier: Apache-2.0
#include "archive/pax_internal.hpp"

#include <limits>
#include <utility>

#include "base/text.hpp"

namespace ctool::archive {
namespace {

constexpr std::string_view kXattrPrefix = "SCHILY.xattr.";
constexpr std::string_view kSparsePrefix = "GNU.sparse.";

Error Bad(std::string_view what) {
  return Error(Code::kCorrupt, "bad pax record: " + std::string(what));
}

struct Record {
  std::string_view key, value;
};

// "LENGTH KEY=VALUE\n"; LENGTH counts all of it. Takes the record off the front of `body`.
Result<Record> TakeRecord(std::string_view& body) {
  const size_t space = body.substr(0, 20).find(' ');
  if (space == std::string_view::npos) return Bad("no length");
  const std::optional<uint64_t> length = ParseUint(body.substr(0, space));
  if (!length.has_value() || *length > body.size() || *length < space + 3)
    return Bad("wrong length");
  const std::string_view text = body.substr(space + 1, *length - space - 1);
  if (text.back() != '\n') return Bad("wrong length");
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return Bad("no keyword");
  const Record record{.key = text.substr(0, equals),
                      .value = text.substr(equals + 1, text.size() - equals - 2)};
  if (record.key.find('\0') != std::string_view::npos) return Bad("NUL in a keyword");
  body.remove_prefix(*length);
  return record;
}

Result<std::optional<uint32_t>> Id(std::string_view key, std::string_view value) {
  if (value.empty()) return std::optional<uint32_t>();
  const std::optional<uint64_t> id = ParseUint(value);
  if (!id.has_value() || *id >= std::numeric_limits<uint32_t>::max())
    return Error(Code::kCorrupt, "invalid " + std::string(key) + " " + Quote(value));
  return std::optional<uint32_t>(static_cast<uint32_t>(*id));
}

// "-1.25" is -2 s + 750000000 ns. Seconds beyond what fits are clamped: the kernel clamps to what
// the file system can hold anyway.
Result<std::optional<timespec>> Time(std::string_view value) {
  if (value.empty()) return std::optional<timespec>();
  std::string_view rest = value;
  const bool negative = rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  const size_t point = rest.find('.');
  const std::string_view whole = rest.substr(0, point);
  const std::string_view part = point == std::string_view::npos ? "" : rest.substr(point + 1);
  constexpr std::string_view kDigits = "0123456789";
  if (whole.empty() || whole.find_first_not_of(kDigits) != std::string_view::npos ||
      part.find_first_not_of(kDigits) != std::string_view::npos)
    return Bad("mtime " + Quote(value));
  int64_t seconds = whole.size() > 18 ? std::numeric_limits<int64_t>::max() / 2 : *ParseInt(whole);
  long nanoseconds = 0;
  for (size_t i = 0; i < 9; ++i)
    nanoseconds = nanoseconds * 10 + (i < part.size() ? part[i] - '0' : 0);
  if (negative) {
    seconds = -seconds;
    if (nanoseconds > 0) {
      --seconds;
      nanoseconds = 1000000000 - nanoseconds;
    }
  }
  return std::optional<timespec>(timespec{.tv_sec = seconds, .tv_nsec = nanoseconds});
}

Result<std::string> Name(std::string_view key, std::string_view value) {
  if (value.find('\0') != std::string_view::npos) return Bad("NUL in " + std::string(key));
  return std::string(value);
}

}  // namespace

Status PaxRecords::ParseExtended(std::string_view body) {
  while (!body.empty()) {
    const Record record = TRY(TakeRecord(body));
    TRY(Set(record.key, record.value));
  }
  return Ok();
}

Status PaxRecords::ParseGlobal(std::string_view body) {
  while (!body.empty()) {
    const Record record = TRY(TakeRecord(body));
    const std::string_view key = record.key;
    if (key == "path" || key == "linkpath" || key == "size" || StartsWith(key, kSparsePrefix) ||
        StartsWith(key, kXattrPrefix))
      return Bad("a global header sets " + Quote(key));
    TRY(Set(key, record.value));
  }
  return Ok();
}

Status PaxRecords::Set(std::string_view key, std::string_view value) {
  if (key == "path") {
    path = TRY(Name(key, value));
  } else if (key == "linkpath") {
    link = TRY(Name(key, value));
  } else if (key == "size") {
    size = ParseUint(value);
    if (!size.has_value() && !value.empty())
      return Error(Code::kCorrupt, "invalid size " + Quote(value));
  } else if (key == "uid") {
    uid = TRY(Id(key, value));
  } else if (key == "gid") {
    gid = TRY(Id(key, value));
  } else if (key == "mtime") {
    mtime = TRY(Time(value));
  } else if (StartsWith(key, kXattrPrefix)) {
    const std::string_view name = key.substr(kXattrPrefix.size());
    if (name.empty()) return Bad("an xattr without a name");
    xattrs.push_back(Xattr{.name = std::string(name), .value = std::string(value)});
  } else if (StartsWith(key, kSparsePrefix)) {
    return SetSparse(key.substr(kSparsePrefix.size()), value);
  }
  return Ok();
}

Status PaxRecords::SetSparse(std::string_view key, std::string_view value) {
  const auto append = [&](std::string_view text) -> Status {
    const std::optional<uint64_t> number = ParseUint(text);
    if (!number.has_value()) return Bad("sparse map");
    if (sparse_map.size() >= 2 * kMaxSparseExtents)
      return Error(Code::kCorrupt, "sparse map has too many entries");
    sparse_map.push_back(*number);
    return Ok();
  };
  if (key == "name") {
    sparse_name = TRY(Name(key, value));
  } else if (key == "major") {
    sparse_version = std::string(value) + sparse_version;
  } else if (key == "minor") {
    sparse_version += "." + std::string(value);
  } else if (key == "size" || key == "realsize") {
    sparse_size = ParseUint(value);
    if (!sparse_size.has_value()) return Bad("sparse map size");
  } else if (key == "numblocks") {
    sparse_blocks = ParseUint(value);
    if (!sparse_blocks.has_value()) return Bad("sparse map size");
  } else if (key == "offset" || key == "numbytes") {
    if ((sparse_map.size() % 2 == 0) != (key == "offset")) return Bad("sparse map order");
    return append(value);
  } else if (key == "map") {
    sparse_map.clear();
    for (size_t comma = 0; comma != std::string_view::npos;) {
      comma = value.find(',');
      TRY(append(value.substr(0, comma)));
      value.remove_prefix(comma == std::string_view::npos ? 0 : comma + 1);
    }
  }
  return Ok();
}

}  // namespace ctool::archive
