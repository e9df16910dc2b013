// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/artifact_internal.hpp"
#include "sys/file.hpp"
#include "transport/output_file.hpp"

namespace ctool::engine {
namespace {

using transport::OutputFile;

constexpr size_t kChunk = 1 << 20;
constexpr size_t kLongestName = 255;  // of a file, on Linux

// A file of the artifact and its name in the folder.
struct Piece {
  spec::Descriptor file;
  std::string name;
};

// The title is whatever somebody wrote there: it is one component or nothing.
Result<std::string> FileName(const std::string& title, const spec::Digest& digest) {
  std::string name = title;
  if (name.empty()) {
    name = digest.str();
    std::replace(name.begin(), name.end(), ':', '-');
  }
  const auto invalid = [&](const std::string& why) {
    return Error(Code::kInvalidArgument, "invalid name: " + Quote(name.substr(0, kLongestName)) + " " + why)
        .Hint("with --digest a file is called by its digest");
  };
  if (name.find('/') != std::string::npos) return invalid("cannot contain /");
  if (name.find('\0') != std::string::npos) return invalid("cannot contain a zero byte");
  if (name == "." || name == "..") return invalid("is no file's name");
  if (name.size() > kLongestName) return invalid("is too long");
  return name;
}

// Of several files that which was asked for.
Result<spec::Descriptor> Choose(const spec::Manifest& manifest, const ExtractArtifactOptions& options) {
  const bool by_title = !options.title.empty();
  const std::string asked = by_title ? "the title " + Quote(options.title) : "the digest " + Quote(options.digest);
  const spec::Descriptor* chosen = nullptr;
  for (const spec::Descriptor& file : manifest.layers) {
    if (by_title ? TitleOf(file) != options.title : file.digest.str() != options.digest) continue;
    if (chosen != nullptr && by_title) return Error(Code::kInvalidArgument, "more than one match for " + asked);
    chosen = &file;
  }
  if (chosen == nullptr) return Error(Code::kNotFound, "no blob with " + asked);
  return *chosen;
}

Result<std::vector<Piece>> Pieces(const spec::Manifest& manifest, const ExtractArtifactOptions& options) {
  std::vector<Piece> pieces;
  if (!options.digest.empty() || !options.title.empty()) {
    const spec::Descriptor file = TRY(Choose(manifest, options));
    pieces.push_back({file, TRY(FileName(options.title, file.digest))});
    return pieces;
  }
  std::set<std::string> names;
  for (const spec::Descriptor& file : manifest.layers) {
    pieces.push_back({file, TRY(FileName(TitleOf(file), file.digest))});
    if (!names.insert(pieces.back().name).second)
      return Error(Code::kInvalidArgument, "several files of the artifact are called " + Quote(pieces.back().name))
          .Hint("--digest takes one of them");
  }
  return pieces;
}

// What is in the store is hashed once more: nothing damaged gets a name.
Status Copy(const storage::Store& store, const spec::Descriptor& file, OutputFile& out) {
  const sys::Fd blob = TRY(store.OpenBlob(file.digest));
  digest::Hasher hasher(file.digest.algorithm());
  std::string chunk(kChunk, '\0');
  for (;;) {
    const ssize_t n = ::read(blob.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", "blob " + file.digest.str());
    if (n == 0) break;
    const std::string_view bytes(chunk.data(), static_cast<size_t>(n));
    hasher.Update(bytes);
    TRY(sys::WriteAll(out.fd(), bytes, out.what()));
  }
  if (hasher.Finish() == file.digest) return Ok();
  return Error(Code::kCorrupt, "blob " + file.digest.str() + " is damaged").Hint("pull the artifact again");
}

Status ToFolder(const storage::Store& store, const sys::Fd& folder, const std::vector<Piece>& pieces) {
  std::vector<OutputFile> files;
  for (const Piece& piece : pieces) {
    files.push_back(TRY(OutputFile::CreateIn(folder.get(), piece.name)));
    TRY(Copy(store, piece.file, files.back()));
  }
  for (OutputFile& file : files) TRY(file.Publish());
  return Ok();
}

Status ToFile(const storage::Store& store, const spec::Manifest& manifest, const ExtractArtifactOptions& options) {
  spec::Descriptor file = manifest.layers.front();
  if (!options.digest.empty() || !options.title.empty()) {
    file = TRY(Choose(manifest, options));
  } else if (manifest.layers.size() > 1) {
    return Error(Code::kInvalidArgument, "the artifact consists of several blobs and the target " + Quote(options.target) +
                                             " is not a directory and neither digest or title was specified to only copy a "
                                             "single blob");
  }
  OutputFile out = TRY(OutputFile::Create(options.target));
  TRY(Copy(store, file, out));
  return out.Publish();
}

}  // namespace

Status ExtractArtifact(Engine& engine, const ExtractArtifactOptions& options) {
  if (!options.digest.empty() && !options.title.empty())
    return Error(Code::kInvalidArgument, "cannot specify both digest and title");
  const storage::Store& store = *TRY(engine.Store());
  // Who removes the artifact meanwhile leaves its blobs there until we are done.
  const sys::FileLock reading = TRY(store.LockContent(sys::FileLock::Mode::kShared));
  const state::Artifact artifact = TRY(RequireArtifact(engine, options.name));
  const spec::Manifest manifest = TRY(spec::Manifest::Parse(artifact.manifest));
  if (manifest.layers.empty()) return Error(Code::kNotFound, "the artifact has no blobs, nothing to extract");
  const Result<sys::Fd> folder = sys::Open(options.target, O_RDONLY | O_DIRECTORY);
  if (folder.ok()) return ToFolder(store, *folder, TRY(Pieces(manifest, options)));
  const int err = folder.error().sys_errno();
  if (err != ENOENT && err != ENOTDIR) return folder.error();
  return ToFile(store, manifest, options);
}

}  // namespace ctool::engine
