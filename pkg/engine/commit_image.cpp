// SPDX-License-Identifier: Apache-2.0
#include "engine/commit_image.hpp"

#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

Result<state::Layer> DurableLayer(const spec::Digest& diff_id, int64_t size) {
  const std::string boot_id = TRY(sys::ReadFile("/proc/sys/kernel/random/boot_id", 64));
  state::Layer row;
  row.diff_id = diff_id.str();
  row.size = size;
  row.durable = true;
  row.boot_id = std::string(Trim(boot_id));
  return row;
}

Result<std::vector<std::string>> CommitImages(const storage::Store& store, state::Database& db,
                                              std::vector<AddedImage> images) {
  std::vector<std::string> ids;
  for (AddedImage& image : images) {
    std::vector<spec::Digest> diff_ids;
    for (const state::ImageLayer& layer : image.row.layers)
      diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
    image.row.fixup_layer = TRY(store.MakeFixupLayer(diff_ids));
    ids.push_back(image.row.id);
  }
  TRY(store.Sync());
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    for (const AddedImage& image : images) {
      for (const state::Layer& layer : image.layers) TRY(db.PutLayer(layer));
      TRY(db.PutImage(image.row));
    }
    return Ok();
  }));
  return ids;
}

Result<std::string> CommitImage(const storage::Store& store, state::Database& db,
                                state::Image image, const std::vector<state::Layer>& layers) {
  std::vector<AddedImage> images(1);
  images.front().row = std::move(image);
  images.front().layers = layers;
  return TRY(CommitImages(store, db, std::move(images))).front();
}

}  // namespace ctool::engine
