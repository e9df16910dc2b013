// SPDX-License-Identifier: Apache-2.0
#include "engine/disk_usage.hpp"

#include <sys/stat.h>

#include <map>
#include <set>

#include "engine/container_size_internal.hpp"
#include "engine/images.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

int64_t FileSize(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 ? st.st_size : 0;
}

// Layers and blobs, and who has them.
class Contents {
 public:
  static Result<Contents> Read(Engine& engine, const std::vector<state::Image>& images) {
    Contents contents;
    const storage::Store& store = *TRY(engine.Store());
    for (const state::Layer& layer : TRY(TRY(engine.Db())->ListLayers())) contents.parts_["layer " + layer.diff_id].size = layer.size;
    for (const state::Image& image : images) {
      for (const std::string& name : PartsOf(image)) {
        Part& part = contents.parts_[name];
        if (++part.users > 1 || name.compare(0, 6, "layer ") == 0) continue;
        const Result<spec::Digest> digest = spec::Digest::Parse(name);
        if (digest.ok()) part.size = FileSize(store.BlobPath(*digest));
      }
    }
    return contents;
  }

  static std::set<std::string> PartsOf(const state::Image& image) {
    std::set<std::string> parts = {"sha256:" + image.id, image.manifest_digest};
    for (const state::ImageLayer& layer : image.layers) parts.insert({"layer " + layer.diff_id, layer.blob});
    for (const std::string& digest : image.digests) parts.insert(digest.substr(digest.find('@') + 1));
    parts.erase("");
    return parts;
  }

  void Measure(const state::Image& image, ImageUsage& usage) const {
    for (const std::string& name : PartsOf(image)) {
      const Part& part = parts_.at(name);
      (part.users > 1 ? usage.shared : usage.unique) += part.size;
    }
  }

  int64_t Total() const {
    int64_t total = 0;
    for (const auto& [name, part] : parts_)
      if (part.users > 0) total += part.size;
    return total;
  }

  int64_t SizeOf(const std::set<std::string>& parts) const {
    int64_t size = 0;
    for (const std::string& name : parts) size += parts_.at(name).size;
    return size;
  }

 private:
  struct Part {
    int64_t size = 0, users = 0;
  };
  std::map<std::string, Part> parts_;
};

Status MeasureImages(Engine& engine, DiskUsage& usage) {
  ListImagesOptions all;
  all.all = true;
  const std::vector<ImageRow> rows = TRY(ListImages(engine, all));
  std::vector<state::Image> images;
  for (const ImageRow& row : rows)
    if (images.empty() || images.back().id != row.image.id) images.push_back(row.image);
  const Contents contents = TRY(Contents::Read(engine, images));
  std::set<std::string> in_use;
  for (const ImageRow& row : rows) {
    ImageUsage image{row.repository, row.tag, row.image.id, row.image.created, 0, 0, row.containers};
    contents.Measure(row.image, image);
    if (row.containers > 0) in_use.merge(Contents::PartsOf(row.image));
    usage.images.push_back(std::move(image));
  }
  usage.images_size = contents.Total();
  usage.images_reclaimable = usage.images_size - contents.SizeOf(in_use);
  return Ok();
}

// Nothing is made from an artifact: all of it could go.
Status MeasureArtifacts(Engine& engine, DiskUsage& usage) {
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  const std::vector<state::Artifact> artifacts = TRY(db.ListArtifacts());
  if (artifacts.empty()) return Ok();
  std::set<std::string> seen;
  for (const state::Image& image : TRY(db.ListImages(state::Database::ImageFields::kSummary)))
    seen.merge(Contents::PartsOf(image));
  for (const state::Artifact& artifact : artifacts) {
    usage.artifacts.push_back({artifact.name, artifact.digest, artifact.created, artifact.size});
    for (const auto& [blob, size] : artifact.blobs)
      if (seen.insert(blob).second) usage.artifacts_size += FileSize(store.BlobPath(TRY(spec::Digest::Parse(blob))));
  }
  return Ok();
}

Status MeasureContainers(Engine& engine, DiskUsage& usage) {
  ListContainersOptions all;
  all.all = true;
  state::Database& db = *TRY(engine.Db());
  std::vector<std::string> folders;
  for (const ContainerRow& row : TRY(ListContainers(engine, all))) {
    const state::Container& c = row.container;
    const ContainerFiles files = TRY(FilesOf(engine, c.id));
    // A folder of the host's (--rootfs) is a link here, and not ours to count.
    folders.push_back(sys::Exists(files.Rootfs()) ? files.Rootfs() : files.Upper());
    const auto volumes = static_cast<int64_t>(TRY(db.VolumesOf(c.id)).size());
    usage.containers.push_back({c.id, c.image_id, c.command, c.name, row.state, c.created, volumes, 0});
  }
  const std::vector<int64_t> sizes = TRY(TreeSizes(folders));
  for (size_t i = 0; i < sizes.size(); ++i) usage.containers[i].written = sizes[i];
  return Ok();
}

Status MeasureVolumes(Engine& engine, DiskUsage& usage) {
  state::Database& db = *TRY(engine.Db());
  const storage::Store& store = *TRY(engine.Store());
  std::vector<std::string> folders;
  for (const state::Volume& volume : TRY(db.ListVolumes())) {
    const auto links = static_cast<int64_t>(TRY(db.VolumeUsers(volume.name)).size());
    usage.volumes.push_back({volume.name, links, 0});
    folders.push_back(store.VolumePath(volume.name));
  }
  const std::vector<int64_t> sizes = TRY(TreeSizes(folders));
  for (size_t i = 0; i < sizes.size(); ++i) usage.volumes[i].size = sizes[i];
  return Ok();
}

}  // namespace

Result<DiskUsage> MeasureDiskUsage(Engine& engine) {
  DiskUsage usage;
  TRY(MeasureImages(engine, usage));
  TRY(MeasureArtifacts(engine, usage));
  TRY(MeasureContainers(engine, usage));
  TRY(MeasureVolumes(engine, usage));
  usage.build_cache = TRY(ListBuildCache(engine));
  return usage;
}

Result<int64_t> MeasureImages(Engine& engine) {
  DiskUsage usage;
  TRY(MeasureImages(engine, usage));
  return usage.images_size;
}

}  // namespace ctool::engine
