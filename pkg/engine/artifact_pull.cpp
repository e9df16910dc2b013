// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#include <unistd.h>

#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/artifact_internal.hpp"
#include "engine/endpoint_internal.hpp"
#include "engine/unused.hpp"
#include "engine/pull_image_internal.hpp"
#include "engine/pull_layers_internal.hpp"
#include "engine/pull_session_internal.hpp"
#include "engine/pull_signatures_internal.hpp"
#include "spec/artifact.hpp"

namespace ctool::engine {
namespace {

// Of an index the manifest for the platform, as for an image.
Result<transport::Document> ManifestOf(const PullSession& session, OpenedSource& opened) {
  if (!TRY(spec::IsIndex(opened.top.bytes, opened.top.content_type))) return std::move(opened.top);
  const spec::Index index = TRY(spec::Index::Parse(opened.top.bytes));
  return opened.image->GetManifest(TRY(index.Select(session.plan.platform.platform)).digest);
}

// The empty config need not be fetched: everybody knows it.
bool PutEmpty(const storage::Store& store, const spec::Descriptor& blob) {
  return blob.media_type == spec::kEmptyType && blob.size == static_cast<int64_t>(spec::kEmptyConfig.size()) &&
         store.PutBlob(spec::kEmptyConfig, blob.digest).ok();
}

// All blobs of the manifest, those that are here already left out.
Status FetchBlobs(const PullSession& session, transport::ImageSource& source, const spec::Manifest& manifest) {
  std::vector<LayerJob> jobs;
  std::set<std::string> seen;
  std::vector<spec::Descriptor> blobs = manifest.layers;
  blobs.push_back(manifest.config);
  for (const spec::Descriptor& blob : blobs) {
    if (!seen.insert(blob.digest.str()).second) continue;
    LayerJob job;
    job.blob = blob;
    job.unpack = false;
    job.fetch = !session.store.HasBlob(blob.digest, blob.size) && !PutEmpty(session.store, blob);
    jobs.push_back(std::move(job));
  }
  const archive::UnpackOptions nothing_to_unpack;
  return FetchLayers({source, session.store, nothing_to_unpack, session.progress, session.interrupt, false}, jobs);
}

Result<std::string> FetchFrom(const PullSession& session, const PullSource& source, const std::string& name) {
  if (source.refused) return Error(*source.refused);
  session.progress.Line("Trying to pull " + source.reference.Name() + "...");
  OpenedSource opened = TRY(OpenSource(source, session.plan.client, session.interrupt, false));
  const transport::Document document = TRY(ManifestOf(session, opened));
  // The row says what is to be fetched before anything is.
  const state::Artifact row = TRY(ArtifactRow(name.empty() ? source.reference.Name() : name, document.bytes));
  if (!source.signatures.empty()) {
    registry::Client::Options options = session.plan.client;
    options.cancel = session.interrupt.flag();
    TRY(CheckSignatures(source, *opened.endpoint, options, document.digest));
  }
  session.progress.Line("Getting image source signatures");
  TRY(DiscardUnused(session.store, session.db));
  const sys::FileLock adding = TRY(session.store.LockContent(sys::FileLock::Mode::kShared));
  TRY(FetchBlobs(session, *opened.image, TRY(spec::Manifest::Parse(document.bytes))));
  session.progress.Line("Writing manifest to image destination");
  TRY(session.store.Sync());
  TRY(session.interrupt.Check());
  TRY(session.db.PutArtifact(row));
  return row.digest;
}

Result<std::string> TrySources(const PullSession& session, const std::string& name) {
  std::vector<Error> errors;
  for (const PullSource& source : session.plan.sources) {
    Result<std::string> digest = FetchFrom(session, source, name);
    if (digest.ok()) return digest;
    TRY(session.interrupt.Check());
    session.interrupt.Resume();
    errors.push_back(std::move(digest).error().Wrap("pulling " + source.reference.Name()));
  }
  if (errors.empty()) return Error(Code::kInternal, "nothing to pull");
  return AllFailed(std::move(errors));
}

// `stored_as`: the name it gets; empty: that of the source.
Result<std::string> Fetch(Engine& engine, const std::string& from, const std::string& stored_as, const FetchOptions& fetch) {
  PullPlan plan;
  plan.name = TRY(WithoutTransport(from));
  plan.platform = TRY(PlatformFrom(fetch));
  plan.client = TRY(ClientOptions(fetch));
  TRY(PlanSources(engine, fetch, plan));
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  const std::unique_ptr<Interrupt> interrupt = TRY(Interrupt::Begin());
  Result<std::string> digest = Error(Code::kInternal, "");
  {
    PullProgress progress(PullProgress::StyleFor(STDERR_FILENO, fetch.quiet));
    digest = TrySources({plan, store, db, *interrupt, progress}, stored_as);
  }
  // What a failure has left, or the artifact that had the name before.
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Debug(discarded.error().Message());
  EmptyTrashInBackground(store, Caller::kOutside);
  if (!digest.ok()) interrupt->TakeEffect();
  return digest;
}

}  // namespace

Result<std::string> PullArtifact(Engine& engine, const std::string& name, const FetchOptions& fetch) {
  if (name.empty()) return Error(Code::kInvalidArgument, "artifact name cannot be empty");
  return Fetch(engine, name, "", fetch);
}

Status RefetchArtifact(Engine& engine, const state::Artifact& artifact) {
  const spec::Reference reference = TRY(spec::Reference::Parse(artifact.name));
  if (reference.domain == "localhost") return Error(Code::kNotFound, "it came from no registry");
  FetchOptions fetch;
  fetch.quiet = true;
  TRY(Fetch(engine, reference.Repository() + "@" + artifact.digest, artifact.name, fetch));
  return Ok();
}

}  // namespace ctool::engine
