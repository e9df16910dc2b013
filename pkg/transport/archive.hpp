// SPDX-License-Identifier: Apache-2.0
//
// The files of an image archive or of a folder that is laid out like one, by name. Nothing is
// ever unpacked to where its name says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "archive/stream.hpp"
#include "base/result.hpp"
#include "spec/digest.hpp"
#include "sys/fd.hpp"
#include "transport/image.hpp"

namespace ctool::transport {

// A regular file of an archive, open: a range of a file that `owned` may keep open.
struct MemberFile {
  sys::Fd owned;
  FileRange range;
};

// Where the files of an archive are kept that is read from a stream: by their digests.
class Spool {
 public:
  virtual ~Spool() = default;
  // Takes everything from `bytes`, `size` of them.
  virtual Result<spec::Digest> Keep(archive::Source& bytes, int64_t size) = 0;
  virtual Result<sys::Fd> Open(const spec::Digest& digest) = 0;
};

// Thread safe once it is made. Errors of all calls name the member and what it is in.
class Archive {
 public:
  virtual ~Archive() = default;

  // "/tmp/x.tar", "the standard input"
  virtual const std::string& what() const = 0;
  virtual bool is_folder() const { return false; }
  virtual bool Has(std::string_view name) const = 0;
  // kCorrupt: no such member, or it is not a regular file.
  virtual Result<MemberFile> Open(std::string_view name) const = 0;
  // Contents of a small one; more than `most` bytes are kCorrupt.
  virtual Result<std::string> ReadText(std::string_view name, size_t most) const;
  // When it is known without reading it.
  virtual std::optional<spec::Digest> DigestOf(std::string_view /*name*/) const { return {}; }
};

// The limits against archives that are made to use up memory.
inline constexpr size_t kMaxMembers = 65536;        // 100 images of 100 layers, with what docker adds
inline constexpr size_t kMaxMemberName = 512;       // digests and fixed words
inline constexpr uint64_t kMaxTrailing = 16 << 20;  // blocks of zeros behind the archive: tapes, padding

// An uncompressed tar archive in a file that can be read anywhere: one pass over the headers.
// kCorrupt: no tar archive; members that two programs could understand differently (a name twice, a name with "..",
// links and devices other than the links to layers that docker writes); more than kMaxMembers.
Result<std::shared_ptr<const Archive>> OpenTarFile(sys::Fd file, std::string what);

// The same from a stream, in one pass: large members go to `spool` (which must outlive the archive), small ones stay in
// memory.
Result<std::shared_ptr<const Archive>> ReadTarStream(archive::Source& in, Spool& spool, std::string what);

// A folder. Links in it are followed inside of it only.
std::shared_ptr<const Archive> OpenFolder(sys::Fd folder, std::string what);

// A range as a stream (borrowed).
std::unique_ptr<archive::Source> ReadRange(const FileRange& range, std::string what);

}  // namespace ctool::transport
