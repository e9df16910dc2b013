// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#include <set>

#include "base/text.hpp"
#include "engine/artifact_internal.hpp"
#include "engine/push_image_internal.hpp"

namespace ctool::engine {
namespace {

// Everything goes out as it is: the files are opened while nobody can collect them, and may be removed afterwards.
Result<std::vector<PushJob>> PlanJobs(const storage::Store& store, const spec::Manifest& manifest) {
  const sys::FileLock lock = TRY(store.LockContent(sys::FileLock::Mode::kShared));
  std::vector<PushJob> jobs;
  std::set<std::string> seen;
  const auto add = [&](const char* what, const spec::Descriptor& blob) -> Status {
    if (!seen.insert(blob.digest.str()).second) return Ok();
    PushJob job;
    job.what = what;
    job.blob = job.sent = blob;
    job.file = TRY(store.OpenBlob(blob.digest));
    jobs.push_back(std::move(job));
    return Ok();
  };
  for (const spec::Descriptor& file : manifest.layers) TRY(add("Copying blob", file));
  TRY(add("Copying config", manifest.config));
  return jobs;
}

Result<transport::Document> Send(const PushSession& session, const state::Artifact& artifact) {
  const spec::Manifest manifest = TRY(spec::Manifest::Parse(artifact.manifest));
  const storage::Store& store = *TRY(session.engine.Store());
  session.progress.Line("Getting image source signatures");
  std::vector<PushJob> jobs = TRY(PlanJobs(store, manifest));
  TRY(PushBlobs({session.target, store, session.progress, session.interrupt}, jobs));
  transport::Document document;
  document.bytes = artifact.manifest;
  document.content_type = manifest.media_type;
  document.digest = TRY(spec::Digest::Parse(artifact.digest));
  session.progress.Line("Writing manifest to image destination");
  TRY(session.target.PutManifest(document, false));
  return document;
}

}  // namespace

Result<std::string> PushArtifact(Engine& engine, const PushOptions& options) {
  const state::Artifact artifact = TRY(RequireArtifact(engine, options.image));
  const PushDestination destination = TRY(ParseDestination(options.destination, artifact.name));
  if (destination.name.kind != transport::Kind::kDocker)
    return Error(Code::kUnsupported, "an artifact is pushed to a registry, not to " + destination.Print());
  Result<std::string> digest = RunPush(engine, options, destination, {}, [&](const PushSession& session) {
    return Send(session, artifact);
  });
  if (!digest.ok()) return std::move(digest).error().Wrap("pushing to " + destination.Print());
  return digest;
}

}  // namespace ctool::engine
