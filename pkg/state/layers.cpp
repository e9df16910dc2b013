// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "state/connection_internal.hpp"

namespace ctool::state {

Status Database::PutLayer(const Layer& layer) {
  return connection_->Write([&]() -> Status {
    return connection_->Run("INSERT OR REPLACE INTO layers VALUES(?, ?, ?, ?)", layer.diff_id,
                            layer.size, static_cast<int64_t>(layer.durable), layer.boot_id);
  });
}

Status Database::SetLayersDurable(const std::vector<std::string>& diff_ids) {
  return connection_->Write([&]() -> Status {
    for (const std::string& diff_id : diff_ids) {
      TRY(connection_->Run("UPDATE layers SET durable = 1 WHERE diff_id = ?", diff_id));
      if (connection_->changes() == 0)
        return Error(Code::kNotFound, "no layer with diffID " + Quote(diff_id));
    }
    return Ok();
  });
}

Result<std::optional<Layer>> Database::FindLayer(const std::string& diff_id) {
  Query query = TRY(connection_->Prepare(
      "SELECT size, durable, boot_id FROM layers WHERE diff_id = ?"));
  query.Bind(1, diff_id);
  std::optional<Layer> layer;
  if (TRY(query.Next())) {
    layer.emplace();
    layer->diff_id = diff_id;
    layer->size = query.Number(0);
    layer->durable = query.Number(1) != 0;
    layer->boot_id = query.Text(2);
  }
  return layer;
}

Result<std::vector<Layer>> Database::ListLayers() {
  std::vector<Layer> layers;
  Query rows = TRY(connection_->Prepare("SELECT diff_id, size, durable, boot_id FROM layers"));
  while (TRY(rows.Next()))
    layers.push_back({rows.Text(0), rows.Number(1), rows.Number(2) != 0, rows.Text(3)});
  return layers;
}

Result<std::vector<std::string>> Database::ReferencedLayers() {
  if (connection_->version() < 5) return connection_->Column("SELECT DISTINCT diff_id FROM image_layers");
  return connection_->Column("SELECT diff_id FROM image_layers UNION SELECT diff_id FROM build_cache WHERE diff_id <> ''");
}

Result<std::vector<std::string>> Database::ReferencedFixups() {
  return connection_->Column("SELECT DISTINCT fixup_layer FROM images WHERE fixup_layer <> ''");
}

Result<std::vector<std::string>> Database::UnreferencedLayers() {
#define UNUSED_BY_IMAGES                \
  "SELECT diff_id FROM layers WHERE NOT EXISTS " \
  "(SELECT 1 FROM image_layers WHERE image_layers.diff_id = layers.diff_id)"
  if (connection_->version() < 5) return connection_->Column(UNUSED_BY_IMAGES);
  return connection_->Column(UNUSED_BY_IMAGES " AND diff_id NOT IN (SELECT diff_id FROM build_cache)");
#undef UNUSED_BY_IMAGES
}

Result<std::vector<std::string>> Database::ReferencedBlobs() {
#define BLOBS_OF_IMAGES                                                    \
  "SELECT 'sha256:' || id FROM images UNION "                              \
  "SELECT manifest_digest FROM images WHERE manifest_digest <> '' UNION "  \
  "SELECT blob FROM image_layers WHERE blob <> '' UNION "                  \
  "SELECT substr(reference, instr(reference, '@') + 1) FROM image_digests"
  if (connection_->version() < 3) return connection_->Column(BLOBS_OF_IMAGES);
#define BLOBS_OF_ARTIFACTS " UNION SELECT blob FROM artifact_blobs"
  if (connection_->version() < 5) return connection_->Column(BLOBS_OF_IMAGES BLOBS_OF_ARTIFACTS);
  return connection_->Column(BLOBS_OF_IMAGES BLOBS_OF_ARTIFACTS " UNION SELECT blob FROM build_cache WHERE blob <> ''");
#undef BLOBS_OF_ARTIFACTS
#undef BLOBS_OF_IMAGES
}

Status Database::RemoveLayer(const std::string& diff_id) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    return connection_->Run("DELETE FROM layers WHERE diff_id = ?", diff_id);
  });
}

}  // namespace ctool::state
