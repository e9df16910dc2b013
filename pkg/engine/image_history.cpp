// SPDX-License-Identifier: Apache-2.0
#include "engine/image_history.hpp"

#include <algorithm>
#include <map>

#include "engine/image_list_internal.hpp"

namespace ctool::engine {
namespace {

// The images that this one was built on, by the number of their steps.
Result<std::map<size_t, std::string>> Ancestors(state::Database& db, const state::Image& image, const spec::ImageConfig& config) {
  std::map<size_t, std::string> ancestors;
  for (const state::Image& other : TRY(db.ListImages())) {
    if (other.id == image.id || other.layers.empty() || image.layers.empty() ||
        other.layers.front().diff_id != image.layers.front().diff_id)
      continue;  // most images: their configs need not be read
    const Result<spec::ImageConfig> candidate = spec::ImageConfig::Parse(other.config);
    if (candidate.ok() && IsParent(*candidate, config)) ancestors.emplace(candidate->history.size(), other.id);
  }
  return ancestors;
}

}  // namespace

Result<std::vector<HistoryRow>> ImageHistory(Engine& engine, const std::string& name) {
  const FoundImage found = TRY(RequireImage(engine, name));
  state::Database& db = *TRY(engine.Db());
  const spec::ImageConfig config = TRY(spec::ImageConfig::Parse(found.image.config));
  const std::map<size_t, std::string> ancestors = TRY(Ancestors(db, found.image, config));
  std::vector<HistoryRow> rows;
  size_t layer = 0;
  for (const spec::HistoryEntry& entry : config.history) {
    HistoryRow row{"", entry.created, entry.created_by, entry.comment, 0};
    // More steps than layers: the config is wrong, and its layers are not.
    if (!entry.empty_layer && layer < found.image.layers.size()) {
      const std::optional<state::Layer> known = TRY(db.FindLayer(found.image.layers[layer++].diff_id));
      if (known) row.size = known->size;
    }
    const auto ancestor = ancestors.find(rows.size() + 1);
    if (ancestor != ancestors.end()) row.id = ancestor->second;
    rows.push_back(std::move(row));
  }
  if (!rows.empty()) rows.back().id = found.image.id;
  std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace ctool::engine
