// SPDX-License-Identifier: Apache-2.0
#include "builder/origin_image.hpp"

#include "builder/key.hpp"

namespace ctool::builder {

Result<ImageFiles> FilesOfImage(Session& session, const std::string& name, const std::string& platform) {
  const std::string id = TRY(session.host.EnsureImage(name, platform));
  const state::Image image = TRY(session.cache.LoadImage(id));
  std::vector<spec::Digest> diff_ids;
  Key key("image");
  for (const state::ImageLayer& layer : image.layers) {
    diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
    key.Add(layer.diff_id);
  }
  ImageFiles files{image.id, key.Finish(), session.store.LowerDirs(diff_ids, image.fixup_layer)};
  if (files.folders.empty()) files.folders.push_back(session.empty);
  return files;
}

}  // namespace ctool::builder
