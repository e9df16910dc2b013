// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_image_internal.hpp"

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/image_remove_unused_internal.hpp"
#include "engine/pull_commit_internal.hpp"
#include "engine/pull_layers_internal.hpp"
#include "engine/pull_manifest_internal.hpp"

namespace ctool::engine {
namespace {

struct Session {
  const PullPlan& plan;
  const storage::Store& store;
  state::Database& db;
  Interrupt& interrupt;
  PullProgress& progress;
};

// A source's registry, and what its reference stands for there.
struct Opened {
  std::unique_ptr<registry::Client> client;
  registry::FetchedDocument top;  // without bytes when only its digest was asked for
};

std::string Initializing(const PullSource& source) {
  return "initializing source docker://" + source.reference.Name();
}

// The first mirror that has the manifest serves the whole image. `Document` asks one client.
template <class Document>
Result<Opened> OpenSource(const Session& session, const PullSource& source, Document document) {
  registry::Client::Options options = session.plan.client;
  options.cancel = session.interrupt.flag();
  std::optional<Error> last;
  for (const registry::Endpoint& endpoint : source.endpoints) {
    if (last) Debug("mirror: " + last->Message());
    Result<std::unique_ptr<registry::Client>> client =
        registry::Client::Connect(endpoint, options);
    if (client.ok()) {
      Result<registry::FetchedDocument> top = document(**client);
      if (top.ok()) return Opened{std::move(*client), std::move(*top)};
      last = std::move(top).error();
    } else {
      last = std::move(client).error();
    }
    TRY(session.interrupt.Check());
  }
  if (!last) last = Error(Code::kInternal, "no registry to ask");
  return std::move(*last).Wrap(Initializing(source));
}

// Rows say "durable" only after a sync: what is in the database and still there can be used.
Result<bool> LayerIsUsable(const Session& session, const std::string& diff_id) {
  const std::optional<state::Layer> row = TRY(session.db.FindLayer(diff_id));
  return row && row->durable && session.store.HasLayer(TRY(spec::Digest::Parse(diff_id)));
}

// Whether the image that is here under this very reference is whole and of the right platform.
Result<std::optional<state::Image>> LocalCopy(const Session& session,
                                              const spec::Reference& reference) {
  std::optional<state::Image> image =
      reference.digest.empty()
          ? TRY(session.db.FindImageByName(reference.Name()))
          : TRY(session.db.FindImageByDigest(reference.Repository(), reference.digest.str()));
  if (!image) return image;
  if (!PlatformMismatch(TRY(PlatformOf(*image)), session.plan.platform).empty())
    return std::optional<state::Image>();
  for (const state::ImageLayer& layer : image->layers)
    if (!TRY(LayerIsUsable(session, layer.diff_id))) return std::optional<state::Image>();
  return image;
}

std::string RepoDigest(const spec::Reference& reference, const spec::Digest& digest) {
  return reference.Repository() + "@" + digest.str();
}

bool Has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::vector<LayerJob> PlanLayers(const ImageDocuments& image) {
  std::vector<LayerJob> jobs;
  std::set<std::string> blobs, layers;
  for (size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const spec::Descriptor& blob = image.manifest.layers[i];
    LayerJob job;
    job.blob = blob;
    job.diff_id = image.config.diff_ids[i];
    job.fetch = blobs.insert(blob.digest.str()).second;
    job.unpack = layers.insert(job.diff_id.str()).second;
    // The same layer may occur twice (an empty one often does): it is done once.
    if (!job.fetch && !job.unpack) continue;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

// Leaves out what the store has already.
Status SkipPresent(const Session& session, std::vector<LayerJob>& jobs) {
  for (LayerJob& job : jobs) {
    job.compression = TRY(spec::LayerCompression(job.blob.media_type));
    if (job.unpack && TRY(LayerIsUsable(session, job.diff_id.str()))) job.unpack = false;
    if (job.fetch && session.store.HasBlob(job.blob.digest, job.blob.size)) job.fetch = false;
  }
  return Ok();
}

archive::UnpackOptions UnpackOptionsFor(const userns::IdMap& map) {
  archive::UnpackOptions options;
  options.ignore_chown_errors = map.single_id;
  for (const userns::IdMapping& ids : map.uids) options.uids.push_back({ids.inside, ids.count});
  for (const userns::IdMapping& ids : map.gids) options.gids.push_back({ids.inside, ids.count});
  return options;
}

Status FetchContent(const Session& session, registry::Client& client, const ImageDocuments& image,
                    std::vector<LayerJob>& jobs) {
  TRY(SkipPresent(session, jobs));
  session.progress.Line("Getting image source signatures");
  const archive::UnpackOptions unpack = UnpackOptionsFor(session.plan.map);
  TRY(FetchLayers({client, session.store, unpack, session.progress, session.interrupt, false},
                  jobs));
  const std::unique_ptr<PullProgress::Transfer> config =
      session.progress.Begin("Copying config", image.manifest.config.digest, 0);
  TRY(session.store.PutBlob(image.config_bytes, image.manifest.config.digest));
  config->Finish();
  session.progress.Line("Writing manifest to image destination");
  TRY(session.store.PutBlob(image.document.bytes, image.document.digest));
  if (image.index) TRY(session.store.PutBlob(image.index->bytes, image.index->digest));
  return Ok();
}

// The rows of all layers of the image, bottom first.
Result<std::vector<state::Layer>> LayerRows(const Session& session, const ImageDocuments& image,
                                            const std::vector<LayerJob>& jobs) {
  std::vector<state::Layer> rows;
  for (const spec::Digest& diff_id : image.config.diff_ids) {
    const auto job = std::find_if(jobs.begin(), jobs.end(), [&](const LayerJob& one) {
      return one.unpack && one.diff_id == diff_id;
    });
    if (job != jobs.end()) {
      rows.push_back(TRY(DurableLayer(diff_id, job->size)));
      continue;
    }
    std::optional<state::Layer> known = TRY(session.db.FindLayer(diff_id.str()));
    if (!known) return Error(Code::kInternal, "layer " + diff_id.str() + " has lost its record");
    rows.push_back(std::move(*known));
  }
  return rows;
}

state::Image ImageRow(const spec::Reference& reference, const ImageDocuments& image,
                      const std::vector<state::Layer>& layers) {
  state::Image row;
  row.id = std::string(digest::Sha256(image.config_bytes).hex());
  row.manifest_digest = image.document.digest.str();
  row.manifest_type = image.manifest.media_type;
  row.config = image.config_bytes;
  row.created = ParseRfc3339(image.config.created).value_or(0);
  row.pulled = WallNanos();
  for (size_t i = 0; i < layers.size(); ++i) {
    const spec::Descriptor& blob = image.manifest.layers[i];
    row.size += layers[i].size;
    row.layers.push_back({layers[i].diff_id, blob.digest.str(), blob.media_type, blob.size});
  }
  // An image that was fetched by digest is named by it: there is no tag that stands for it.
  row.names = {reference.Name()};
  row.digests = {RepoDigest(reference, image.document.digest)};
  if (image.index) row.digests.push_back(RepoDigest(reference, image.index->digest));
  return row;
}

Result<std::string> FetchFrom(const Session& session, const PullSource& source, Opened opened) {
  // What an interrupted pull or a removal during one left is cleared away while nobody adds.
  TRY(DiscardUnused(session.store, session.db));
  const sys::FileLock adding =
      TRY(session.store.LockContent(sys::FileLock::Mode::kShared));
  const ImageDocuments image = TRY(ReadDocuments(*opened.client, session.store,
                                                 std::move(opened.top), session.plan.platform));
  const std::string mismatch = PlatformMismatch(image.config.platform, session.plan.platform);
  if (!mismatch.empty()) session.progress.Line("WARNING: " + mismatch);
  std::vector<LayerJob> jobs = PlanLayers(image);
  TRY(FetchContent(session, *opened.client, image, jobs));
  const std::vector<state::Layer> layers = TRY(LayerRows(session, image, jobs));
  TRY(session.interrupt.Check());
  return CommitImage(session.store, session.db, ImageRow(source.reference, image, layers), layers);
}

void Announce(const Session& session, const PullSource& source) {
  if (!source.alias_file.empty())
    session.progress.Line("Resolved " + Quote(session.plan.name) + " as an alias (" +
                          source.alias_file + ")");
  session.progress.Line("Trying to pull " + source.reference.Name() + "...");
}

bool IsCurrent(const state::Image& image, const spec::Reference& reference,
               const spec::Digest& digest) {
  return Has(image.names, reference.Name()) && Has(image.digests, RepoDigest(reference, digest));
}

Result<std::string> TrySource(const Session& session, const PullSource& source) {
  if (source.refused) return Error(*source.refused);
  const std::string what = source.reference.TagOrDigest();
  const std::optional<state::Image> local = TRY(LocalCopy(session, source.reference));
  if (session.plan.policy != "newer" || !local) Announce(session, source);
  // One request tells whether there is anything to do.
  Opened opened = TRY(OpenSource(session, source, [&](registry::Client& client) {
    return local ? client.HeadManifest(what) : client.GetManifest(what);
  }));
  if (local) {
    if (IsCurrent(*local, source.reference, opened.top.digest)) {
      if (session.plan.policy != "newer") session.progress.Line("Image is up to date");
      return local->id;
    }
    if (session.plan.policy == "newer") Announce(session, source);
    if (opened.top.bytes.empty())
      opened.top = TRY_CTX(Initializing(source), opened.client->GetManifest(what));
  }
  return TRY_CTX("pulling " + source.reference.Name(),
                 FetchFrom(session, source, std::move(opened)));
}

Error AllFailed(std::vector<Error> errors) {
  if (errors.size() == 1) return std::move(errors.front());
  std::vector<std::string> texts;
  for (const Error& error : errors) texts.push_back(error.Message());
  return Error(errors.back().code(), std::to_string(errors.size()) +
                                         " errors occurred while pulling: " + Join(texts, "; "));
}

Result<std::string> TrySources(const Session& session) {
  std::vector<Error> errors;
  for (const PullSource& source : session.plan.sources) {
    Result<std::string> id = TrySource(session, source);
    if (id.ok()) return id;
    TRY(session.interrupt.Check());
    session.interrupt.Resume();
    errors.push_back(std::move(id).error());
  }
  // "newer" is content with what is here when nobody can say whether there is something newer.
  if (session.plan.policy == "newer" && session.plan.local) {
    for (const Error& error : errors) Debug(error.Message());
    return session.plan.local->image.id;
  }
  if (errors.empty()) return Error(Code::kInternal, "nothing to pull");
  return AllFailed(std::move(errors));
}

}  // namespace

Result<std::string> FetchImage(const PullPlan& plan, Interrupt& interrupt,
                               PullProgress& progress) {
  Engine engine(plan.store);
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  const Session session{plan, store, db, interrupt, progress};
  Result<std::string> id = TrySources(session);
  if (id.ok()) return id;
  // The error is what counts here; what can't be cleared away now goes with the next pull.
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Debug(discarded.error().Message());
  return id;
}

}  // namespace ctool::engine
