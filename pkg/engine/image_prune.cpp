// SPDX-License-Identifier: Apache-2.0
#include "engine/image_prune.hpp"

#include "engine/image_list_internal.hpp"
#include "engine/unused.hpp"
#include "engine/images.hpp"
#include "engine/tell.hpp"

namespace ctool::engine {

Result<std::vector<std::string>> PruneImages(Engine& engine, const PruneImagesOptions& options) {
  std::vector<std::string> filters = options.filters;
  if (!options.all) filters.emplace_back("dangling=true");
  filters.emplace_back("containers=false");
  state::Database& db = *TRY(engine.Db());
  std::vector<std::string> removed;
  for (bool again = true; again;) {
    again = false;
    for (const state::Image& image : TRY(FilterImages(engine, TRY(db.ListImages()), filters))) {
      Status gone = ForgetImage(engine, image);
      if (!gone.ok() && gone.error().code() == Code::kBusy) continue;  // a container was made from it meanwhile
      TRY(std::move(gone));
      TellImage(engine, "remove", image.id, image.id);
      removed.push_back(image.id);
      again = true;  // its parent may be childless now
    }
  }
  GiveSpaceBack(engine);
  return removed;
}

}  // namespace ctool::engine
