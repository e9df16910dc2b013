// SPDX-License-Identifier: Apache-2.0
#include "builder/layer.hpp"

namespace ctool::builder {

std::string Layer::path() const {
  const std::lock_guard lock(mutex_);
  return path_;
}

void Layer::MoveTo(std::string path) {
  const std::lock_guard lock(mutex_);
  path_ = std::move(path);
}

void Layer::Finish(Result<PackedLayer> packed) {
  {
    const std::lock_guard lock(mutex_);
    packed_ = std::move(packed);
  }
  finished_.notify_all();
}

Result<PackedLayer> Layer::Await() {
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return packed_.has_value(); });
  return *packed_;
}

std::vector<std::string> Filesystem::Folders() const {
  std::vector<std::string> folders;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) folders.push_back((*layer)->path());
  folders.insert(folders.end(), base_folders.begin(), base_folders.end());
  if (folders.empty()) folders.push_back(empty);
  return folders;
}

}  // namespace ctool::builder
