// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "build/mount.hpp"
#include "builder/stage.hpp"
#include "engine/container_spec.hpp"
#include "sys/lock.hpp"

namespace ctool::builder {

// The mounts of a RUN, in two steps: what they are, which is part of the step's key; and, when it does run, what they are made of.
class RunMounts {
 public:
  // `expand`: the stage's variables. Waits for stages that are mounted.
  static Result<RunMounts> Find(Stages& stages, size_t stage, const build::Run& run, const std::string& working_dir, const build::TextExpander& expand);

  const std::vector<std::string>& keys() const { return keys_; }  // what the step's result depends on
  // Prepares all of them; `folder` is the step's own. They are held until this object goes.
  Status Prepare(const WorkFolder& folder, const std::string& bundle);
  // With the layers' paths of this moment: under the session's `paths` lock.
  std::vector<engine::ContainerMount> Mounts() const;
  const std::vector<std::string>& env() const { return env_; }  // secrets and the agent's socket
  std::vector<std::string> Points() const;                      // where something is mounted

  // Where a cache is; until it goes nobody else has it, if it is not shared.
  struct CacheFolder {
    std::string path;
    sys::FileLock lock;
    bool fresh = false;
  };

 private:
  struct One {
    build::Mount mount;
    const SourceTree* tree = nullptr;  // bind: of a folder of the host
    std::vector<std::string> folders;  // bind, cache: of an image
    const StageState* stage = nullptr;  // the same, of a stage
    bool IsOfLayers() const { return stage != nullptr || !folders.empty(); }
    std::vector<std::string> Folders() const { return stage != nullptr ? stage->fs.Folders() : folders; }
  };
  RunMounts(Stages& stages, std::string working_dir) : stages_(&stages), working_dir_(std::move(working_dir)) {}
  Status FindOne(size_t stage, build::Mount mount);
  Status FindOrigin(size_t stage, One& one, const std::string& source);
  Status PrepareBind(const One& one, const WorkFolder& folder, size_t index);
  Status TakeCaches();
  std::string FolderOf(const build::Mount& mount) const;
  Status PrepareCache(const One& one);
  Status FillCache(const One& one, const std::string& folder) const;
  Status PrepareTmpfs(const One& one);
  Status PrepareSecret(const One& one, const std::string& bundle, size_t index);
  Status PrepareSsh(const One& one, size_t index);
  std::string Target(const build::Mount& mount, const std::string& fallback) const;

  Stages* stages_;
  std::string working_dir_;
  std::vector<One> all_;
  std::vector<std::string> keys_, env_;
  std::vector<engine::ContainerMount> mounts_;
  std::vector<std::pair<size_t, const StageState*>> of_stages_;  // which of mounts_ shows a stage
  std::map<std::string, CacheFolder> caches_;  // by their folder
};

}  // namespace ctool::builder
