// SPDX-License-Identifier: Apache-2.0
#include "builder/cache.hpp"

#include "base/clock.hpp"

namespace ctool::builder {
namespace {

// Nobody comes back to a step that was used so long ago, and its layer takes space.
constexpr int64_t kForgottenAfter = int64_t{30} * 24 * 3600 * 1'000'000'000;

}  // namespace

bool Cache::IsUsable(const state::BuildRecord& record, const state::Layer& layer) const {
  // After a power cut only what was synced is whole.
  if (!layer.durable && layer.boot_id != boot_id_) return false;
  const Result<spec::Digest> diff_id = spec::Digest::Parse(record.diff_id), blob = spec::Digest::Parse(record.blob);
  return diff_id.ok() && blob.ok() && store_.HasLayer(*diff_id) && store_.HasBlob(*blob, record.blob_size);
}

Result<std::optional<Cache::Hit>> Cache::Find(const std::string& key) {
  std::optional<Hit> hit;
  if (!options_.find) return hit;
  const std::lock_guard lock(mutex_);
  std::optional<state::BuildRecord> record = TRY(db_.FindBuildRecord(key));
  if (record && !record->same_as.empty()) {
    used_.push_back(key);
    record = TRY(db_.FindBuildRecord(record->same_as));
  }
  if (!record || (options_.ttl_ns > 0 && record->created < WallNanos() - options_.ttl_ns)) return hit;
  if (!record->diff_id.empty()) {
    const std::optional<state::Layer> layer = TRY(db_.FindLayer(record->diff_id));
    if (!layer || !IsUsable(*record, *layer)) return hit;
    if (!layer->durable) made_.insert(record->diff_id);
    hit.emplace(Hit{record->key, PackedLayer{{record->diff_id, record->blob, std::string(spec::kOciLayer), record->blob_size}, record->size, record->created}});
  } else {
    hit.emplace(Hit{record->key, std::nullopt});
  }
  used_.push_back(record->key);
  return hit;
}

Status Cache::Keep(const std::string& key, const std::optional<PackedLayer>& layer, const std::string& description) {
  state::BuildRecord record;
  record.key = key;
  record.description = description;
  record.created = record.used = WallNanos();
  if (layer) {
    record.diff_id = layer->row.diff_id;
    record.blob = layer->row.blob;
    record.blob_size = layer->row.blob_size;
    record.size = layer->size;
    record.created = layer->created;
  }
  const std::lock_guard lock(mutex_);
  kept_.push_back(key);
  return db_.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    if (layer && !TRY(db_.FindLayer(record.diff_id))) {
      TRY(db_.PutLayer({record.diff_id, record.size, false, boot_id_}));
      made_.insert(record.diff_id);
    }
    return db_.PutBuildRecord(record);
  });
}

Status Cache::KeepAlias(const std::string& also, const std::string& key, const std::string& description) {
  state::BuildRecord record;
  record.key = also;
  record.same_as = key;
  record.description = description;
  record.created = record.used = WallNanos();
  const std::lock_guard lock(mutex_);
  kept_.push_back(also);
  return db_.Transaction(state::Database::Commit::kOrdered, [&] { return db_.PutBuildRecord(record); });
}

Result<state::Image> Cache::LoadImage(const std::string& id) {
  const std::lock_guard lock(mutex_);
  std::optional<state::Image> image = TRY(db_.FindImageById(id));
  if (!image) return Error(Code::kNotFound, id + ": image not known (it was removed just now)");
  return std::move(*image);
}

Result<std::string> Cache::FindImage(const std::string& key) {
  if (!options_.find) return std::string();
  const std::lock_guard lock(mutex_);
  const std::optional<state::BuildRecord> record = TRY(db_.FindBuildRecord(key));
  if (!record || record->image.empty() || !TRY(db_.FindImageById(record->image))) return std::string();
  used_.push_back(key);
  return record->image;
}

Status Cache::KeepImage(const std::string& key, const std::string& id, const std::string& description) {
  state::BuildRecord record;
  record.key = key;
  record.image = id;
  record.description = description;
  record.created = record.used = WallNanos();
  const std::lock_guard lock(mutex_);
  return db_.PutBuildRecord(record);
}

std::vector<std::string> Cache::keys() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> all(used_.begin(), used_.end());
  all.insert(kept_.begin(), kept_.end());
  return {all.begin(), all.end()};
}

Status Cache::Settle() {
  const std::lock_guard lock(mutex_);
  const int64_t now = WallNanos();
  // A day is as good as a second here, and most builds follow soon after one another: nothing is written then.
  constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000'000;
  std::vector<std::string> forgotten, stale;
  const std::set<std::string> used(used_.begin(), used_.end());
  for (const state::BuildRecord& record : TRY(db_.ListBuildRecords())) {
    if (used.count(record.key) != 0 ? record.used < now - kDay : false) stale.push_back(record.key);
    if (used.count(record.key) == 0 && record.used < now - kForgottenAfter) forgotten.push_back(record.key);
  }
  if (!stale.empty()) TRY(db_.UseBuildRecords(stale, now));
  return forgotten.empty() ? Ok() : db_.RemoveBuildRecords(forgotten);
}

}  // namespace ctool::builder
