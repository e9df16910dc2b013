// SPDX-License-Identifier: Apache-2.0
#include "builder/shared_cache.hpp"

#include <fcntl.h>

#include <nlohmann/json.hpp>
#include <set>

#include "archive/stream.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/artifact.hpp"
#include "engine/images.hpp"
#include "spec/image.hpp"
#include "spec/reference.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

using Json = nlohmann::json;

constexpr char kConfigType[] = "application/vnd.ctool.build.cache.v1+json";
constexpr char kTag[] = "buildcache";
constexpr size_t kMaxConfig = 4 << 20, kMaxRecords = 20000;  // more than any build has steps, several times

// Where a cache is: docker's and podman's ways to say it.
struct Place {
  bool local = false;
  std::string name;  // "REPOSITORY:TAG", or a folder
};
Result<Place> ParsePlace(const std::string& text) {
  Place place;
  if (text.find('=') == std::string::npos) {
    place.name = text;
  } else {
    std::string type = "registry";
    for (const std::string& part : Split(text, ',')) {
      const size_t equals = part.find('=');
      const std::string key = part.substr(0, equals), value = equals == std::string::npos ? "" : part.substr(equals + 1);
      if (key == "type") type = value;
      else if (key == "ref" || key == "src" || key == "dest") place.name = value;
      else if (key != "mode" && key != "compression") return Error(Code::kInvalidArgument, "build cache " + Quote(text) + ": " + Quote(key) + " is none of type=, ref=, src=, dest=");
    }
    place.local = type == "local";
    if (!place.local && type != "registry") return Error(Code::kInvalidArgument, "build cache " + Quote(text) + ": type " + Quote(type) + " is not supported: registry or local");
  }
  if (place.name.empty()) return Error(Code::kInvalidArgument, "build cache " + Quote(text) + ": where?");
  if (place.local) return place;
  const spec::Reference reference = TRY(spec::Reference::Parse(place.name));
  if (!reference.digest.empty()) return Error(Code::kInvalidArgument, "build cache " + Quote(text) + ": a digest can't be chosen");
  // A repository alone: podman's way.
  if (place.name.rfind(':') == std::string::npos || place.name.rfind(':') < place.name.rfind('/')) place.name += std::string(":") + kTag;
  return place;
}

Json PrintRecord(const state::BuildRecord& r) {
  return {{"key", r.key}, {"diffID", r.diff_id}, {"blob", r.blob}, {"blobSize", r.blob_size}, {"size", r.size},
          {"sameAs", r.same_as}, {"step", r.description}, {"created", r.created}};
}

bool IsKey(const std::string& text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos; }

std::optional<state::BuildRecord> ParseRecord(const Json& json) {
  const auto text = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&json](const char* name) -> int64_t {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_unsigned() ? found->get<int64_t>() : 0;
  };
  if (!json.is_object()) return std::nullopt;
  state::BuildRecord r;
  r.key = text("key");
  r.diff_id = text("diffID");
  r.blob = text("blob");
  r.blob_size = number("blobSize");
  r.size = number("size");
  r.same_as = text("sameAs");
  r.description = text("step");
  r.created = number("created");
  if (!IsKey(r.key) || (!r.same_as.empty() && !IsKey(r.same_as)) || r.blob_size < 0 || r.size < 0) return std::nullopt;
  if (!r.diff_id.empty() && (!spec::Digest::Parse(r.diff_id).ok() || !spec::Digest::Parse(r.blob).ok())) return std::nullopt;
  return r;
}

// What is written: the configuration, and a manifest with all layers.
struct Written {
  std::string config, manifest;
  std::vector<spec::Descriptor> blobs;
};
Result<Written> Describe(state::Database& db, const std::vector<std::string>& keys) {
  Written out;
  Json records = Json::array();
  std::set<std::string> seen;
  for (const std::string& key : keys) {
    const std::optional<state::BuildRecord> record = TRY(db.FindBuildRecord(key));
    if (!record || !record->image.empty()) continue;
    records.push_back(PrintRecord(*record));
    if (record->diff_id.empty() || !seen.insert(record->blob).second) continue;
    spec::Descriptor blob;
    blob.media_type = spec::kOciLayer;
    blob.digest = TRY(spec::Digest::Parse(record->blob));
    blob.size = record->blob_size;
    out.blobs.push_back(std::move(blob));
  }
  out.config = Json{{"records", records}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  spec::Manifest manifest;
  manifest.media_type = spec::kOciManifest;
  manifest.config.media_type = kConfigType;
  manifest.config.digest = digest::Sha256(out.config);
  manifest.config.size = static_cast<int64_t>(out.config.size());
  manifest.layers = out.blobs;
  out.manifest = manifest.Print();
  return out;
}

Status ToRegistry(engine::Engine& engine, const Written& written, const std::string& name, const BuildOptions& options) {
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  TRY(store.PutBlob(written.config, digest::Sha256(written.config)));
  state::Artifact artifact;
  artifact.name = name;
  artifact.manifest = written.manifest;
  artifact.digest = digest::Sha256(written.manifest).str();
  artifact.created = WallNanos();
  artifact.blobs.emplace_back(digest::Sha256(written.config).str(), static_cast<int64_t>(written.config.size()));
  for (const spec::Descriptor& blob : written.blobs) artifact.blobs.emplace_back(blob.digest.str(), blob.size);
  TRY(db.PutArtifact(artifact));
  engine::PushOptions push;
  push.image = name;
  push.fetch = options.fetch;
  push.fetch.quiet = true;
  const Result<std::string> pushed = engine::PushArtifact(engine, push);
  TRY(engine::ForgetArtifact(engine, artifact));
  return pushed.ok() ? Ok() : Status(pushed.error());
}

Status ToFolder(engine::Engine& engine, const Written& written, const std::string& folder) {
  const storage::Store& store = *TRY(engine.Store());
  const std::string blobs = folder + "/blobs/sha256/";
  TRY(sys::MakeDirs(blobs, 0755));
  const auto put = [&blobs](const std::string& bytes) {
    return sys::WriteFileAtomic(blobs + std::string(digest::Sha256(bytes).hex()), bytes, 0644, sys::Durability::kNone);
  };
  for (const spec::Descriptor& blob : written.blobs) {
    const std::string path = blobs + std::string(blob.digest.hex());
    if (sys::Exists(path)) continue;
    const sys::Fd from = TRY(store.OpenBlob(blob.digest));
    sys::Fd to = TRY(sys::Open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC, 0644));
    TRY(sys::CopyContents(from.get(), to.get(), path));
    TRY(to.Close(path));
    if (::rename((path + ".part").c_str(), path.c_str()) < 0) return Error::Sys(errno, "rename", path);
  }
  TRY(put(written.config));
  TRY(put(written.manifest));
  spec::Index index;
  index.media_type = spec::kOciIndex;
  spec::Descriptor top;
  top.media_type = spec::kOciManifest;
  top.digest = digest::Sha256(written.manifest);
  top.size = static_cast<int64_t>(written.manifest.size());
  index.manifests = {top};
  TRY(sys::WriteFileAtomic(folder + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})", 0644, sys::Durability::kNone));
  return sys::WriteFileAtomic(folder + "/index.json", index.Print(), 0644, sys::Durability::kNone);
}

Result<std::string> FromFolder(engine::Engine& engine, const std::string& folder) {
  const storage::Store& store = *TRY(engine.Store());
  const std::string index_text = TRY(sys::ReadFile(folder + "/index.json", spec::kMaxDocumentBytes));
  const spec::Index index = TRY(spec::Index::Parse(index_text));
  if (index.manifests.size() != 1) return Error(Code::kCorrupt, folder + " holds no build cache");
  const std::string blobs = folder + "/blobs/sha256/";
  const auto read = [&blobs](const spec::Digest& digest) -> Result<std::string> {
    std::string text = TRY(sys::ReadFile(blobs + std::string(digest.hex()), kMaxConfig));
    TRY(digest::Verify(text, digest));
    return text;
  };
  const std::string manifest_text = TRY(read(index.manifests[0].digest));
  const spec::Manifest manifest = TRY(spec::Manifest::Parse(manifest_text));
  if (manifest.config.media_type != kConfigType) return Error(Code::kCorrupt, folder + " holds no build cache");
  for (const spec::Descriptor& layer : manifest.layers) {
    if (store.HasBlob(layer.digest, layer.size)) continue;
    const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(store.NewBlob(layer));
    const sys::Fd file = TRY(sys::Open(blobs + std::string(layer.digest.hex()), O_RDONLY));
    const std::unique_ptr<archive::Source> source = archive::FromFd(file.get(), folder);
    std::string buffer(256 << 10, '\0');
    for (;;) {
      const size_t n = TRY(source->Read(buffer));
      if (n == 0) break;
      TRY(blob->Write({buffer.data(), n}));
    }
    TRY(blob->Commit());
  }
  return read(manifest.config.digest);
}

Result<std::string> FromRegistry(engine::Engine& engine, const std::string& name, const BuildOptions& options) {
  engine::FetchOptions fetch = options.fetch;
  fetch.quiet = true;
  TRY(engine::PullArtifact(engine, name, fetch));
  const state::Artifact artifact = TRY(engine::RequireArtifact(engine, name));
  const spec::Manifest manifest = TRY(spec::Manifest::Parse(artifact.manifest));
  Result<std::string> config = Error(Code::kCorrupt, name + " is no build cache");
  if (manifest.config.media_type == kConfigType) config = TRY(engine.Store())->ReadBlob(manifest.config.digest, kMaxConfig);
  // The row only: its blobs stay until somebody collects, which the build's own lock keeps off until it has its records.
  TRY(engine::ForgetArtifact(engine, artifact));
  return config;
}

Status TakeOver(const storage::Store& store, state::Database& db, const userns::IdMap& map, const std::string& boot_id, state::BuildRecord record) {
  const std::optional<state::BuildRecord> there = TRY(db.FindBuildRecord(record.key));
  if (there) return Ok();
  record.used = WallNanos();
  if (record.diff_id.empty()) return db.PutBuildRecord(record);
  const spec::Digest diff_id = TRY(spec::Digest::Parse(record.diff_id)), blob = TRY(spec::Digest::Parse(record.blob));
  if (!store.HasBlob(blob, record.blob_size)) return Error(Code::kNotFound, "its blob did not come along");
  const std::optional<state::Layer> row = TRY(db.FindLayer(record.diff_id));
  const bool usable = row && (row->durable || row->boot_id == boot_id) && store.HasLayer(diff_id);
  if (!usable) {
    const sys::Fd file = TRY(store.OpenBlob(blob));
    const std::unique_ptr<archive::Source> tar = archive::FromFd(file.get(), record.blob);
    archive::UnpackOptions options;
    options.ignore_chown_errors = map.single_id;
    const storage::Store::UnpackedLayer unpacked = TRY(store.UnpackLayer(*tar, diff_id, options));
    record.size = unpacked.size;
  }
  return db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    if (!usable) TRY(db.PutLayer({record.diff_id, record.size, false, boot_id}));
    return db.PutBuildRecord(record);
  });
}

}  // namespace

Status ExportCache(const engine::GlobalOptions& store, const std::vector<std::string>& keys, const BuildOptions& options) {
  if (options.cache_to.empty()) return Ok();
  engine::Engine engine(store);
  const Written written = TRY(Describe(*TRY(engine.Db()), keys));
  for (const std::string& text : options.cache_to) {
    const Place place = TRY(ParsePlace(text));
    TRY_CTX("--cache-to " + text, place.local ? ToFolder(engine, written, place.name) : ToRegistry(engine, written, place.name, options));
  }
  return Ok();
}

Result<std::vector<std::string>> FetchCache(const engine::GlobalOptions& store, const BuildOptions& options) {
  std::vector<std::string> configurations;
  if (options.cache_from.empty() || options.no_cache) return configurations;
  engine::Engine engine(store);
  for (const std::string& text : options.cache_from) {
    const Place place = TRY(ParsePlace(text));
    Result<std::string> config = place.local ? FromFolder(engine, place.name) : FromRegistry(engine, place.name, options);
    if (config.ok()) configurations.push_back(std::move(*config));
    else Warn("--cache-from " + Printable(text) + ": " + config.error().Message() + "; the build goes on without it");
  }
  return configurations;
}

Status TakeOverCache(const storage::Store& store, state::Database& db, const userns::IdMap& map, const std::string& boot_id,
                     const std::vector<std::string>& configurations, engine::Interrupt& interrupt) {
  for (const std::string& text : configurations) {
    const Json json = Json::parse(text, nullptr, false);
    const auto records = json.is_object() ? json.find("records") : json.end();
    if (!json.is_object() || records == json.end() || !records->is_array() || records->size() > kMaxRecords) {
      Warn("--cache-from: what came is no build cache");
      continue;
    }
    for (const Json& one : *records) {
      TRY(interrupt.Check());
      const std::optional<state::BuildRecord> record = ParseRecord(one);
      const Status taken = record ? TakeOver(store, db, map, boot_id, *record) : Status(Error(Code::kCorrupt, "a record that is none"));
      if (!taken.ok()) Debug("--cache-from: " + taken.error().Message());
    }
  }
  return Ok();
}

}  // namespace ctool::builder
