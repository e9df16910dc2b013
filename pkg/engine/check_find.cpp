// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <thread>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/check_internal.hpp"
#include "engine/jobs_internal.hpp"
#include "spec/image.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Kind = Damage::Kind;

// One blob, or one layer with its blob.
struct Task {
  spec::Digest layer, blob;
  int64_t blob_size = -1;
};

class Finder {
 public:
  explicit Finder(const CheckWork& work) : work_(work) {}

  Result<DamageMap> Run() {
    for (const std::string& problem : TRY(work_.db.Check())) Note(Kind::kStore, "ctool.db", problem);
    images_ = TRY(work_.db.ListImages());
    artifacts_ = TRY(work_.db.ListArtifacts());
    TRY(PlanTasks());
    TRY(RunTasks());
    TRY(CheckRows());
    for (const state::Image& image : images_) CheckImage(image);
    for (const state::Artifact& artifact : artifacts_) CheckArtifact(artifact);
    TRY(CheckContainers());
    return ForgetWhatIsGone();
  }

 private:
  // Several threads have something to say.
  void Note(Kind kind, const std::string& id, const std::string& problem) {
    const std::lock_guard<std::mutex> lock(mutex_);
    damage_[{kind, id}].push_back(problem);
  }
  bool IsDamaged(Kind kind, const std::string& id) const { return damage_.count({kind, id}) > 0; }

  Status PlanTasks() {
    std::set<std::string> layers, blobs;
    for (const state::Image& image : images_)
      for (const state::ImageLayer& layer : image.layers) {
        if (!layers.insert(layer.diff_id).second) continue;
        Task task{TRY(spec::Digest::Parse(layer.diff_id)), {}, layer.blob_size};
        if (!layer.blob.empty()) task.blob = TRY(spec::Digest::Parse(layer.blob));
        blobs.insert(layer.blob);
        tasks_.push_back(std::move(task));
      }
    // The same layer, as somebody else has compressed it.
    for (const state::Image& image : images_)
      for (const state::ImageLayer& layer : image.layers)
        if (!layer.blob.empty() && blobs.insert(layer.blob).second)
          tasks_.push_back({{}, TRY(spec::Digest::Parse(layer.blob)), layer.blob_size});
    for (const state::Artifact& artifact : artifacts_)
      for (const auto& [digest, size] : artifact.blobs)
        if (blobs.insert(digest).second) tasks_.push_back({{}, TRY(spec::Digest::Parse(digest)), size});
    for (const std::string& digest : TRY(work_.db.ReferencedBlobs())) {
      if (!blobs.insert(digest).second) continue;
      const spec::Digest blob = TRY(spec::Digest::Parse(digest));
      // An index that the image was found in need not have been kept. Documents have their images' word for it below.
      if (sys::Exists(work_.store.BlobPath(blob))) tasks_.push_back({{}, blob, -1});
    }
    // The largest first: otherwise one may be left for the end, when all but one processor have nothing to do.
    std::stable_sort(tasks_.begin(), tasks_.end(), [](const Task& a, const Task& b) { return a.blob_size > b.blob_size; });
    return Ok();
  }

  void RunTask(const Task& task) {
    storage::LayerCheck check;
    if (task.layer.empty())
      check.blob = storage::CheckBlob(work_.store, task.blob, task.blob_size, work_.options.quick);
    else
      check = storage::CheckLayer(work_.store, task.layer, task.blob, task.blob_size,
                                  {.quick = work_.options.quick, .owners = !work_.map.single_id});
    for (const std::string& problem : check.layer) Note(Kind::kLayer, task.layer.str(), problem);
    if (!check.blob.empty()) Note(Kind::kBlob, task.blob.str(), check.blob);
  }

  Status RunTasks() {
    return RunJobs(tasks_.size(), std::thread::hardware_concurrency(), [this](size_t i) {
      RunTask(tasks_[i]);
      return Ok();
    }, &work_.interrupt);
  }

  Status CheckRows() {
    for (const Task& task : tasks_) {
      if (task.layer.empty()) continue;
      const std::optional<state::Layer> row = TRY(work_.db.FindLayer(task.layer.str()));
      if (!row) Note(Kind::kLayer, task.layer.str(), "no record says that it is whole");
      else if (!row->durable) Note(Kind::kLayer, task.layer.str(), "it may not have reached the disk");
    }
    return Ok();
  }

  void CheckImage(const state::Image& image) {
    const auto note = [&](const std::string& problem) { Note(Kind::kImage, image.id, problem); };
    if (digest::Sha256(image.config).hex() != image.id) note("its config in the record is damaged");
    for (const std::string& document : {"sha256:" + image.id, image.manifest_digest}) {
      const Result<spec::Digest> digest = spec::Digest::Parse(document);
      if (document.empty() || IsDamaged(Kind::kBlob, document)) continue;
      if (!digest.ok() || !sys::Exists(work_.store.BlobPath(*digest))) Note(Kind::kBlob, document, "missing");
    }
    std::set<std::string> blobs = {"sha256:" + image.id, image.manifest_digest};
    for (const std::string& reference : image.digests) blobs.insert(reference.substr(reference.find('@') + 1));
    for (const state::ImageLayer& layer : image.layers) {
      blobs.insert(layer.blob);
      if (IsDamaged(Kind::kLayer, layer.diff_id)) note("layer " + layer.diff_id + " is damaged");
    }
    for (const std::string& blob : blobs)
      if (IsDamaged(Kind::kBlob, blob)) note("blob " + blob + " is damaged");
    if (!image.fixup_layer.empty() && !sys::Exists(work_.store.root() + "/layers/" + image.fixup_layer + "/diff"))
      note("its layer " + image.fixup_layer + " is missing");
  }

  void CheckArtifact(const state::Artifact& artifact) {
    if (digest::Sha256(artifact.manifest).str() != artifact.digest)
      Note(Kind::kArtifact, artifact.name, "its manifest in the record is damaged");
    for (const auto& [blob, size] : artifact.blobs)
      if (IsDamaged(Kind::kBlob, blob)) Note(Kind::kArtifact, artifact.name, "blob " + blob + " is damaged");
  }

  Status CheckContainers() {
    for (const state::Container& c : TRY(work_.db.ListContainers(state::Database::ContainerFields::kSummary)))
      if (!sys::Exists(work_.store.ContainerPath(c.id))) Note(Kind::kContainer, c.id, "its folder is missing");
    return Ok();
  }

  // What somebody has removed while we looked is not damaged.
  Result<DamageMap> ForgetWhatIsGone() {
    std::set<std::string> there;
    for (const state::Image& image : TRY(work_.db.ListImages())) {
      there.insert({image.id, "sha256:" + image.id, image.manifest_digest});
      for (const state::ImageLayer& layer : image.layers) there.insert({layer.diff_id, layer.blob});
      for (const std::string& reference : image.digests) there.insert(reference.substr(reference.find('@') + 1));
    }
    for (const state::Artifact& artifact : TRY(work_.db.ListArtifacts())) {
      there.insert(artifact.name);
      for (const auto& [blob, size] : artifact.blobs) there.insert(blob);
    }
    for (const state::Container& c : TRY(work_.db.ListContainers(state::Database::ContainerFields::kSummary))) there.insert(c.id);
    std::erase_if(damage_, [&](const auto& one) { return one.first.first != Kind::kStore && there.count(one.first.second) == 0; });
    return std::move(damage_);
  }

  const CheckWork& work_;
  std::vector<state::Image> images_;
  std::vector<state::Artifact> artifacts_;
  std::vector<Task> tasks_;
  std::mutex mutex_;
  DamageMap damage_;
};

}  // namespace

const char* KindName(Damage::Kind kind) {
  switch (kind) {
    case Kind::kBlob: return "blob";
    case Kind::kLayer: return "layer";
    case Kind::kImage: return "image";
    case Kind::kContainer: return "container";
    case Kind::kArtifact: return "artifact";
    default: return "store";
  }
}

Result<DamageMap> FindDamage(const CheckWork& work) { return Finder(work).Run(); }

}  // namespace ctool::engine
