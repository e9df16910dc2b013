// SPDX-License-Identifier: Apache-2.0
#include "engine/add_image_internal.hpp"

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "digest/sha256.hpp"
#include "engine/commit_image.hpp"

namespace ctool::engine {
namespace {

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

archive::UnpackOptions UnpackOptionsFor(const userns::IdMap& map) {
  archive::UnpackOptions options;
  options.ignore_chown_errors = map.single_id;
  for (const userns::IdMapping& ids : map.uids) options.uids.push_back({ids.inside, ids.count});
  for (const userns::IdMapping& ids : map.gids) options.gids.push_back({ids.inside, ids.count});
  return options;
}

state::Image RowOf(const ImageDocuments& image, const std::vector<state::Layer>& layers) {
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
  return row;
}

}  // namespace

Result<bool> LayerIsUsable(const storage::Store& store, state::Database& db,
                           const std::string& diff_id) {
  const std::optional<state::Layer> row = TRY(db.FindLayer(diff_id));
  return row && row->durable && store.HasLayer(TRY(spec::Digest::Parse(diff_id)));
}

// Leaves out what the store has already.
Status ImageAdder::SkipPresent(std::vector<LayerJob>& jobs) const {
  for (LayerJob& job : jobs) {
    job.compression = TRY(spec::LayerCompression(job.blob.media_type));
    if (fresh_layers_.count(job.diff_id.str()) != 0) job.unpack = false;
    if (job.unpack && TRY(LayerIsUsable(place_.store, place_.db, job.diff_id.str())))
      job.unpack = false;
    const auto fresh = fresh_blobs_.find(job.blob.digest.str());
    if (fresh != fresh_blobs_.end() && fresh->second != job.blob.size)
      return Error(Code::kCorrupt, "blob " + job.blob.digest.str() + ": wrong size: " + std::to_string(fresh->second) +
                                       " bytes, the manifest says " + std::to_string(job.blob.size));
    if (fresh != fresh_blobs_.end()) job.fetch = false;
    if (job.fetch && place_.store.HasBlob(job.blob.digest, job.blob.size)) job.fetch = false;
  }
  return Ok();
}

Status ImageAdder::FetchContent(transport::ImageSource& source, const ImageDocuments& image,
                                std::vector<LayerJob>& jobs) {
  TRY(SkipPresent(jobs));
  place_.progress.Line("Getting image source signatures");
  const archive::UnpackOptions unpack = UnpackOptionsFor(place_.map);
  TRY(FetchLayers({source, place_.store, unpack, place_.progress, place_.interrupt, false}, jobs));
  for (const LayerJob& job : jobs) {
    if (job.unpack) fresh_layers_[job.diff_id.str()] = job.size;
    Know(job.blob.digest, job.blob.size);
  }
  const std::unique_ptr<PullProgress::Transfer> config =
      place_.progress.Begin("Copying config", image.manifest.config.digest, 0);
  TRY(place_.store.PutBlob(image.config_bytes, image.manifest.config.digest));
  config->Finish();
  place_.progress.Line("Writing manifest to image destination");
  TRY(place_.store.PutBlob(image.document.bytes, image.document.digest));
  if (image.index) TRY(place_.store.PutBlob(image.index->bytes, image.index->digest));
  return Ok();
}

// The rows of all layers of the image, bottom first.
Result<std::vector<state::Layer>> ImageAdder::LayerRows(const ImageDocuments& image) const {
  std::vector<state::Layer> rows;
  for (const spec::Digest& diff_id : image.config.diff_ids) {
    const auto fresh = fresh_layers_.find(diff_id.str());
    if (fresh != fresh_layers_.end()) {
      rows.push_back(TRY(DurableLayer(diff_id, fresh->second)));
      continue;
    }
    std::optional<state::Layer> known = TRY(place_.db.FindLayer(diff_id.str()));
    if (!known) return Error(Code::kInternal, "layer " + diff_id.str() + " has lost its record");
    rows.push_back(std::move(*known));
  }
  return rows;
}

Result<AddedImage> ImageAdder::Add(transport::ImageSource& source, transport::Document top) {
  const ImageDocuments image =
      TRY(ReadDocuments(source, place_.store, std::move(top), place_.platform));
  if (place_.accept) TRY(place_.accept(image.document.digest));
  const std::string mismatch = PlatformMismatch(image.config.platform, place_.platform);
  if (!mismatch.empty()) place_.progress.Line("WARNING: " + mismatch);
  std::vector<LayerJob> jobs = PlanLayers(image);
  TRY(FetchContent(source, image, jobs));
  AddedImage added;
  added.layers = TRY(LayerRows(image));
  added.row = RowOf(image, added.layers);
  if (image.index) added.index = image.index->digest;
  return added;
}

std::string RepoDigest(const spec::Reference& reference, const spec::Digest& digest) {
  return reference.Repository() + "@" + digest.str();
}

std::vector<std::string> RepoDigests(const spec::Reference& reference, const AddedImage& image) {
  std::vector<std::string> digests = {reference.Repository() + "@" + image.row.manifest_digest};
  if (image.index) digests.push_back(RepoDigest(reference, *image.index));
  return digests;
}

}  // namespace ctool::engine
