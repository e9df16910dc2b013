// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/artifact_internal.hpp"
#include "engine/images.hpp"
#include "spec/artifact.hpp"
#include "spec/reference.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kChunk = 1 << 20;

using Annotations = std::map<std::string, std::string>;

// The last component, as podman has it: of "a/b/" that is b.
std::string BaseName(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const size_t slash = path.rfind('/');
  return slash == std::string::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

Result<std::string> NameFor(const std::string& text) {
  if (text.empty()) return Error(Code::kInvalidArgument, "artifact name cannot be empty");
  const spec::Reference reference = TRY(spec::Reference::ParseWithDomain(text, "localhost"));
  if (!reference.digest.empty())
    return Error(Code::kInvalidArgument, "invalid reference format: the digest of what is made can't be chosen");
  return reference.Name();
}

Result<Annotations> ParseAnnotations(const std::vector<std::string>& texts) {
  Annotations out;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error(Code::kInvalidArgument, "no value given for annotation " + Quote(text));
    out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  if (out.count(spec::kTitle) != 0)
    return Error(Code::kInvalidArgument, std::string("cannot override filename with ") + spec::kTitle + " annotation");
  return out;
}

Status CheckOptions(const AddArtifactOptions& options) {
  if (options.append && options.replace)
    return Error(Code::kInvalidArgument, "--append and --replace options cannot be used together");
  if (options.append && !options.type.empty())
    return Error(Code::kInvalidArgument, "append option is not compatible with type option");
  return Ok();
}

Error FileExists(const std::string& title) {
  return Error(Code::kAlreadyExists, Printable(title) + ": file already exists in artifact");
}

Status CheckTitles(const std::vector<std::string>& files) {
  std::set<std::string> titles;
  for (const std::string& file : files)
    if (const std::string title = BaseName(file); !titles.insert(title).second) return FileExists(title);
  return Ok();
}

// The manifest that is to get the files, as the store has it now.
Result<std::string> ManifestNow(state::Database& db, const AddArtifactOptions& options, const std::string& name) {
  const std::optional<state::Artifact> there = TRY(db.FindArtifact(name));
  if (options.append) {
    if (!there) return Error(Code::kNotFound, Printable(options.name) + ": artifact does not exist");
    const spec::Manifest manifest = TRY(spec::Manifest::Parse(there->manifest));
    for (const spec::Descriptor& has : manifest.layers)
      for (const std::string& file : options.files)
        if (TitleOf(has) == BaseName(file)) return FileExists(BaseName(file));
    return there->manifest;
  }
  if (there && !options.replace)
    return Error(Code::kAlreadyExists, Printable(options.name) + ": artifact already exists");
  return spec::NewArtifact(options.type, Rfc3339Utc(WallNanos()));
}

// A file of the host becomes a blob.
Result<spec::Descriptor> StoreFile(const storage::Store& store, const std::string& path, const AddArtifactOptions& options) {
  const sys::Fd in = TRY(sys::Open(path, O_RDONLY));
  const struct stat st = TRY(sys::StatFd(in.get(), path));
  if (S_ISDIR(st.st_mode)) return Error::Sys(EISDIR, "read", path);
  const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(store.NewBlob({}));
  spec::Descriptor out;
  out.media_type = options.file_type;
  std::string chunk(kChunk, '\0');
  for (;;) {
    const ssize_t n = ::read(in.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", path);
    const std::string_view bytes(chunk.data(), static_cast<size_t>(n));
    if (out.media_type.empty()) out.media_type = spec::SniffType(bytes);
    if (n == 0) break;
    TRY(blob->Write(bytes));
  }
  TRY(blob->Commit());
  out.digest = blob->digest();
  out.size = blob->size();
  return out;
}

Result<std::string> Add(Engine& engine, const AddArtifactOptions& options, const std::string& name,
                        const Annotations& annotations) {
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  const sys::FileLock adding = TRY(store.LockContent(sys::FileLock::Mode::kShared));
  std::vector<spec::Descriptor> files;
  for (const std::string& path : options.files) {
    files.push_back(TRY(StoreFile(store, path, options)));
    files.back().annotations = annotations;
    files.back().annotations[spec::kTitle] = BaseName(path);
  }
  TRY(store.PutBlob(spec::kEmptyConfig, digest::Sha256(spec::kEmptyConfig)));
  TRY(store.Sync());
  std::string digest;
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    const std::string manifest = TRY(spec::AppendFiles(TRY(ManifestNow(db, options, name)), files));
    const state::Artifact row = TRY(ArtifactRow(name, manifest));
    digest = row.digest;
    return db.PutArtifact(row);
  }));
  return digest;
}

}  // namespace

Result<std::string> AddArtifact(Engine& engine, const AddArtifactOptions& options) {
  TRY(CheckOptions(options));
  const std::string name = TRY(NameFor(options.name));
  const Annotations annotations = TRY(ParseAnnotations(options.annotations));
  TRY(CheckTitles(options.files));
  // What can't be done is said before anything is read.
  TRY(ManifestNow(*TRY(engine.Db()), options, name));
  Result<std::string> digest = Add(engine, options, name, annotations);
  // Blobs that nobody has now: of what was replaced, or of what could not be made.
  if (!digest.ok() || options.replace) GiveSpaceBack(engine);
  return digest;
}

}  // namespace ctool::engine
