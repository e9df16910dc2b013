// SPDX-License-Identifier: Apache-2.0
#include "engine/build_cache.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/images.hpp"
#include "engine/settle_internal.hpp"
#include "engine/unused.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {
namespace {

Result<std::string> MountsFolder(Engine& engine) { return TRY(engine.Store())->root() + "/cache/build/mounts"; }

Result<std::vector<std::string>> Mounts(const std::string& folder) {
  const Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!dir.ok()) return std::vector<std::string>();
  return sys::ListDir(dir->get(), folder);
}

// Diff ids of all images.
Result<std::set<std::string>> LayersOfImages(state::Database& db) {
  std::set<std::string> layers;
  const std::vector<state::Image> images = TRY(db.ListImages(state::Database::ImageFields::kSummary));
  for (const state::Image& image : images)
    for (const state::ImageLayer& layer : image.layers) layers.insert(layer.diff_id);
  return layers;
}

Result<int64_t> PruneMounts(Engine& engine) {
  const std::string folder = TRY(MountsFolder(engine));
  const std::vector<std::string> names = TRY(Mounts(folder));
  int64_t size = 0;
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    const Result<sys::FileLock> lock = sys::FileLock::TryAcquire(path + "/lock", sys::FileLock::Mode::kExclusive);
    if (!lock.ok()) continue;  // a build uses it
    const std::vector<int64_t> sizes = TRY(TreeSizes({path + "/data"}));
    TRY(DeleteTree(path));
    size += sizes.front();
  }
  return size;
}

}  // namespace

Result<std::vector<BuildCacheUsage>> ListBuildCache(Engine& engine) {
  state::Database& db = *TRY(engine.Db());
  const std::set<std::string> of_images = TRY(LayersOfImages(db));
  std::vector<BuildCacheUsage> out;
  std::set<std::string> seen;
  const std::vector<state::BuildRecord> records = TRY(db.ListBuildRecords());
  for (const state::BuildRecord& record : records) {
    if (record.diff_id.empty() || !seen.insert(record.diff_id).second) continue;
    out.push_back({record.key.substr(0, 12), record.description, record.created, record.used, record.size + record.blob_size, of_images.count(record.diff_id) != 0, false});
  }
  const std::string folder = TRY(MountsFolder(engine));
  const std::vector<std::string> names = TRY(Mounts(folder));
  if (names.empty()) return out;
  std::vector<std::string> paths;
  for (const std::string& name : names) paths.push_back(folder + "/" + name + "/data");
  const std::vector<int64_t> sizes = TRY(TreeSizes(paths));
  for (size_t i = 0; i < names.size(); ++i) out.push_back({names[i].substr(0, 12), "cache mount", 0, 0, sizes[i], false, true});
  return out;
}

Result<int64_t> PruneBuildCache(Engine& engine, const PruneBuildCacheOptions& options) {
  state::Database& db = *TRY(engine.Db());
  const std::set<std::string> of_images = TRY(LayersOfImages(db));
  const std::vector<state::BuildRecord> records = TRY(db.ListBuildRecords());
  std::vector<std::string> keys;
  std::set<std::string> freed;
  int64_t size = 0;
  for (const state::BuildRecord& record : records) {
    const bool shared = of_images.count(record.diff_id) != 0;
    if (!options.all && (shared || record.diff_id.empty())) continue;
    keys.push_back(record.key);
    if (!shared && !record.diff_id.empty() && freed.insert(record.diff_id).second) size += record.size + record.blob_size;
  }
  if (!keys.empty()) TRY(db.RemoveBuildRecords(keys));
  if (options.mounts) size += TRY(PruneMounts(engine));
  GiveSpaceBack(engine);
  return size;
}

}  // namespace ctool::engine
