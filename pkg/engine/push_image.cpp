// SPDX-License-Identifier: Apache-2.0
#include "engine/push_image_internal.hpp"

#include <map>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"

namespace ctool::engine {
namespace {

using spec::Compression;

constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

Result<std::string> LayerType(bool docker, Compression compression) {
  switch (compression) {
    case Compression::kNone: return std::string(docker ? kDockerLayer : spec::kOciLayer);
    case Compression::kGzip: return std::string(docker ? spec::kDockerLayerGzip : spec::kOciLayerGzip);
    case Compression::kZstd:
      if (!docker) return std::string(spec::kOciLayerZstd);
      [[fallthrough]];
    default: return Error(Code::kUnsupported, "there is no media type for such a layer");
  }
}

std::optional<Compression> AskedCompression(const PushOptions& options) {
  if (options.compression_format.empty()) return std::nullopt;
  return options.compression_format == "gzip" ? Compression::kGzip : Compression::kZstd;
}

std::optional<int> Level(const PushOptions& options) {
  if (!options.compression_level) return std::nullopt;
  return static_cast<int>(*options.compression_level);
}

// The manifest's format at the destination: zstd needs that of OCI.
bool IsDocker(const PushOptions& options, const PushTarget& target, const spec::Manifest& manifest) {
  if (!target.OnlyFormat().empty()) return target.OnlyFormat() == "v2s2";
  if (!options.format.empty()) return options.format == "v2s2";
  return manifest.media_type == spec::kDockerManifest && AskedCompression(options) != Compression::kZstd;
}

// What a layer must become, if it can't stay as it is.
Result<std::optional<archive::CompressOptions>> Conversion(const PushSession& session, bool docker,
                                                           const spec::Descriptor& layer) {
  const Compression from = TRY(spec::LayerCompression(layer.media_type));
  using Layers = PushTarget::Layers;
  const Layers wanted = session.target.WantedLayers();
  Compression to = from;
  if (wanted == Layers::kPlain) to = Compression::kNone;
  else if (const std::optional<Compression> asked = AskedCompression(session.options)) to = *asked;
  else if (from == Compression::kNone && wanted == Layers::kCompressed) to = Compression::kGzip;
  if (docker && to == Compression::kZstd) to = Compression::kGzip;
  const bool again = session.options.force_compression && AskedCompression(session.options).has_value() &&
                     session.options.compression_level.has_value() && to != Compression::kNone;
  if (to == from && !again) return std::optional<archive::CompressOptions>();
  return std::optional<archive::CompressOptions>(
      {to, to == Compression::kNone ? std::nullopt : Level(session.options)});
}

// What decides about the bytes of a compressed blob, for the store's memory.
std::string Kind(const archive::CompressOptions& to) {
  const std::string name = to.to == Compression::kGzip ? "gzip" : to.to == Compression::kZstd ? "zstd" : "none";
  return name + ":" + (to.level ? std::to_string(*to.level) : "default");
}

using Repositories = std::multimap<std::string, std::string>;  // blob -> repository

Result<Repositories> OtherRepositories(const PushSession& session, state::Database& db) {
  constexpr size_t kMost = 2;  // per blob: a try costs a request
  Repositories out;
  if (session.registry.empty()) return out;
  for (auto& [blob, repository] : TRY(db.BlobRepositories(session.registry)))
    if (repository != session.repository && out.count(blob) < kMost) out.emplace(blob, repository);
  return out;
}

// What is to be sent, with the files open: from here on the image may be removed.
Result<std::vector<PushJob>> PlanJobs(const PushSession& session, const state::Image& image,
                                      const spec::Manifest& manifest, bool docker) {
  const storage::Store& store = *TRY(session.engine.Store());
  state::Database& db = *TRY(session.engine.Db());
  const Repositories others = TRY(OtherRepositories(session, db));
  std::vector<PushJob> jobs;
  const auto add = [&](std::string what, const spec::Descriptor& blob) {
    PushJob job;
    job.what = std::move(what);
    job.blob = job.sent = blob;
    Result<sys::Fd> file = store.OpenBlob(blob.digest);
    if (file.ok()) job.file = std::move(*file);
    for (auto [it, end] = others.equal_range(blob.digest.str()); it != end; ++it) job.mount_from.push_back(it->second);
    jobs.push_back(std::move(job));
  };
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    add("Copying blob", manifest.layers[i]);
    PushJob& job = jobs.back();
    job.convert = TRY(Conversion(session, docker, job.blob));
    if (i < image.layers.size()) job.diff_id = TRY(spec::Digest::Parse(image.layers[i].diff_id));
    if (!job.convert) continue;
    if (const auto known = TRY(db.FindBlobVariant(job.blob.digest.str(), Kind(*job.convert)))) {
      job.known = spec::Descriptor();
      job.known->digest = TRY(spec::Digest::Parse(known->digest));
      job.known->size = known->size;
    }
  }
  add("Copying config", manifest.config);
  return jobs;
}

// A layer may be in an image several times (an empty one often is): it is sent once.
std::vector<PushJob> TakeDistinct(std::vector<PushJob>& jobs, std::map<std::string, size_t>& places) {
  std::vector<PushJob> out;
  for (PushJob& job : jobs)
    if (places.emplace(job.blob.digest.str(), out.size()).second) out.push_back(std::move(job));
  return out;
}

Status Remember(const PushSession& session, const std::vector<PushJob>& jobs) {
  state::Database& db = *TRY(session.engine.Db());
  for (const PushJob& job : jobs) {
    if (!job.convert || (job.known && job.known->digest == job.sent.digest)) continue;
    TRY(db.PutBlobVariant({job.blob.digest.str(), Kind(*job.convert), job.sent.digest.str(), job.sent.size}));
  }
  return Ok();
}

// The manifest of what was sent: the image's own bytes where nothing has changed.
Result<transport::Document> ManifestOf(const transport::Document& original, spec::Manifest manifest, bool docker,
                                       const std::vector<spec::Descriptor>& sent,
                                       const std::vector<PushJob>& planned) {
  const bool was_docker = manifest.media_type == spec::kDockerManifest;
  bool changed = was_docker != docker;
  for (size_t i = 0; i < manifest.layers.size(); ++i) changed |= sent[i].digest != manifest.layers[i].digest;
  if (!changed) return original;
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    const Compression compression =
        planned[i].convert ? planned[i].convert->to : TRY(spec::LayerCompression(manifest.layers[i].media_type));
    manifest.layers[i].media_type = TRY(LayerType(docker, compression));
    manifest.layers[i].digest = sent[i].digest;
    manifest.layers[i].size = sent[i].size;
  }
  manifest.media_type = docker ? spec::kDockerManifest : spec::kOciManifest;
  manifest.config.media_type = docker ? spec::kDockerConfig : spec::kOciConfig;
  if (docker) manifest.annotations.clear();
  transport::Document out;
  out.bytes = manifest.Print();
  out.content_type = manifest.media_type;
  out.digest = digest::Sha256(out.bytes);
  return out;
}

}  // namespace

Status CheckPushOptions(const PushOptions& options) {
  if (!options.format.empty() && options.format != "oci" && options.format != "v2s2")
    return Error(Code::kInvalidArgument, "unknown format " + Quote(options.format) + ". Choose on of the supported " +
                                             "formats: 'oci', 'v2s2'");
  const std::string& compression = options.compression_format;
  if (!compression.empty() && compression != "gzip" && compression != "zstd" && compression != "zstd:chunked")
    return Error(Code::kInvalidArgument, "unknown compression format " + Quote(compression))
        .Hint("it is gzip, zstd or zstd:chunked");
  const bool zstd = !compression.empty() && compression != "gzip";
  if (zstd && options.format == "v2s2")
    return Error(Code::kInvalidArgument, "layers in zstd need the format oci, not v2s2");
  if (compression == "zstd:chunked") Warn("zstd:chunked is not made: the layers go out as plain zstd");
  if (options.compression_level && (*options.compression_level < 1 || *options.compression_level > 20))
    return Error(Code::kInvalidArgument, "invalid compression level " + std::to_string(*options.compression_level));
  archive::CompressOptions asked{zstd ? Compression::kZstd : Compression::kGzip, Level(options)};
  return archive::CheckCompression(asked);
}

Result<transport::Document> PushImage(const PushSession& session, const state::Image& image, bool part) {
  const storage::Store& store = *TRY(session.engine.Store());
  session.progress.Line("Getting image source signatures");
  transport::Document original;
  original.digest = TRY(spec::Digest::Parse(image.manifest_digest));
  original.content_type = image.manifest_type;
  original.bytes = TRY(store.ReadBlob(original.digest, spec::kMaxDocumentBytes));
  const spec::Manifest manifest = TRY(spec::Manifest::Parse(original.bytes));
  const bool docker = IsDocker(session.options, session.target, manifest);
  std::vector<PushJob> jobs;
  {
    const sys::FileLock lock = TRY(store.LockContent(sys::FileLock::Mode::kShared));
    jobs = TRY(PlanJobs(session, image, manifest, docker));
  }
  std::vector<std::string> order;
  for (const PushJob& job : jobs) order.push_back(job.blob.digest.str());
  std::map<std::string, size_t> places;
  std::vector<PushJob> distinct = TakeDistinct(jobs, places);
  TRY(PushBlobs({session.target, store, session.progress, session.interrupt}, distinct));
  TRY(Remember(session, distinct));
  std::vector<spec::Descriptor> sent;
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    const PushJob& job = distinct[places.at(order[i])];
    sent.push_back(job.sent);
    jobs[i].convert = job.convert;
  }
  const transport::Document document = TRY(ManifestOf(original, manifest, docker, sent, jobs));
  session.progress.Line("Writing manifest to image destination");
  TRY(session.target.PutManifest(document, part));
  return document;
}

}  // namespace ctool::engine
