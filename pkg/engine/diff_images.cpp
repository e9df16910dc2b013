// SPDX-License-Identifier: Apache-2.0
#include "engine/diff_images.hpp"

#include <map>

#include "engine/images.hpp"
#include "engine/layer_stack.hpp"
#include "engine/rootfs_view.hpp"

namespace ctool::engine {
namespace {

class StackDiffer {
 public:
  StackDiffer(LayerStack tree, LayerStack base) : tree_(std::move(tree)), base_(std::move(base)) {}

  Result<std::string> Run() {
    TRY(Walk("", tree_.All(), base_.All()));
    std::string out;
    for (const auto& [path, kind] : changes_) out += kind + path + '\0';
    return out;
  }

 private:
  // How deep this goes is bounded by what is unpacked: 1024 levels.
  Status Walk(const std::string& path, const LayerStack::Merged& tree, const LayerStack::Merged& base) {
    const std::set<std::string> names = TRY(tree_.Names(tree, path));
    for (const std::string& name : TRY(base_.Names(base, path)))
      if (names.count(name) == 0) changes_["/" + Join(path, name)] = 'D';
    for (const std::string& name : names) TRY(Visit(Join(path, name), tree, base));
    return Ok();
  }

  Status Visit(const std::string& path, const LayerStack::Merged& tree, const LayerStack::Merged& base) {
    const LayerStack::Found here = TRY(tree_.Find(tree, path));
    LayerStack::Found there = TRY(base_.Find(base, path));
    if (!here.exists) return Ok();
    const bool replaced = there.exists && S_ISDIR(here.st.st_mode) != S_ISDIR(there.st.st_mode);
    if (!there.exists) changes_["/" + path] = 'A';
    else if (replaced || IsChanged(here.st, there.st)) changes_["/" + path] = 'C';
    if (!S_ISDIR(here.st.st_mode)) return Ok();
    if (replaced) there.below.clear();
    return Walk(path, here.below, there.below);
  }

  static std::string Join(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

  // What both have from one layer is one file.
  static bool IsChanged(const struct stat& a, const struct stat& b) {
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino) return false;
    return a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid || a.st_mtim.tv_sec != b.st_mtim.tv_sec ||
           a.st_mtim.tv_nsec != b.st_mtim.tv_nsec || (!S_ISDIR(a.st_mode) && a.st_size != b.st_size);
  }

  LayerStack tree_, base_;
  std::map<std::string, char> changes_;
};

Result<std::vector<std::string>> LayersOf(Engine& engine, const std::string& name) {
  const state::Image image = TRY(RequireImage(engine, name)).image;
  std::vector<spec::Digest> diff_ids;
  for (const state::ImageLayer& layer : image.layers) diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
  return TRY(engine.Store())->LowerDirs(diff_ids, image.fixup_layer);
}

}  // namespace

Result<std::vector<FileChange>> DiffImages(Engine& engine, const std::string& image, const std::string& base) {
  const std::vector<std::string> tree = TRY(LayersOf(engine, image)), below = TRY(LayersOf(engine, base));
  const std::string text = TRY(WithRootfs(engine, {}, [&](const std::vector<sys::Root>&) -> Result<std::string> {
    return StackDiffer(TRY(LayerStack::Open(tree)), TRY(LayerStack::Open(below))).Run();
  }));
  return ParseChanges(text);
}

}  // namespace ctool::engine
