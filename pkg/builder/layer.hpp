// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/work_folder.hpp"
#include "state/store.hpp"

namespace ctool::builder {

// What a layer is once it is packed.
struct PackedLayer {
  state::ImageLayer row;
  int64_t size = 0;     // bytes of regular files
  int64_t created = 0;  // wall ns
};

// A layer of a stage: its files are there for the next step at once, what it is called is known later.
class Layer {
 public:
  explicit Layer(WorkFolder folder) : path_(folder.Upper()), folder_(std::move(folder)) {}
  Layer(std::string path, PackedLayer packed) : path_(std::move(path)), packed_(std::move(packed)) {}

  // The folder that is mounted. Under the session's `paths` lock: it moves when the layer gets its name.
  std::string path() const;
  void MoveTo(std::string path);

  void Finish(Result<PackedLayer> packed);
  Result<PackedLayer> Await();

 private:
  mutable std::mutex mutex_;
  std::condition_variable finished_;
  std::string path_;
  std::optional<WorkFolder> folder_;  // which goes with it
  std::optional<Result<PackedLayer>> packed_;
};

// What the next step of a stage sees as its root.
struct Filesystem {
  std::vector<std::string> base_folders;       // of the image that the stage is from, top first
  std::vector<state::ImageLayer> base_layers;  // bottom first
  int64_t base_size = 0;
  std::vector<std::shared_ptr<Layer>> layers;  // bottom first
  std::string empty;                           // a folder for a root of nothing

  // Top first, at least one.
  std::vector<std::string> Folders() const;
};

}  // namespace ctool::builder
