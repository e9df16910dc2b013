// SPDX-License-Identifier: Apache-2.0
#include "engine/image_tree.hpp"

#include <algorithm>

#include "engine/images.hpp"

namespace ctool::engine {
namespace {

bool BeginsWith(const std::vector<state::ImageLayer>& layers, const std::vector<state::ImageLayer>& first, size_t count) {
  return layers.size() >= count && std::equal(first.begin(), first.begin() + static_cast<ptrdiff_t>(count), layers.begin(),
                                              [](const auto& a, const auto& b) { return a.diff_id == b.diff_id; });
}

class Builder {
 public:
  Builder(state::Database& db, const std::vector<state::Image>& all) : db_(db), all_(all) {}

  // The layer at `position` of an image; above it those of the same image, or of every image.
  Result<LayerNode> Node(const std::vector<state::ImageLayer>& layers, size_t position, bool of_all) {
    LayerNode node;
    node.diff_id = layers[position].diff_id;
    const std::optional<state::Layer> row = TRY(db_.FindLayer(node.diff_id));
    if (row) node.size = row->size;
    for (const state::Image& image : all_) {
      if (!BeginsWith(image.layers, layers, position + 1)) continue;
      if (image.layers.size() == position + 1) AddNames(image, node);
      else if (of_all) TRY(AddChild(image.layers, position + 1, node));
    }
    if (!of_all && position + 1 < layers.size()) node.children.push_back(TRY(Node(layers, position + 1, false)));
    return node;
  }

 private:
  static void AddNames(const state::Image& image, LayerNode& node) {
    if (image.names.empty()) node.top_of.push_back(image.id.substr(0, 12));
    node.top_of.insert(node.top_of.end(), image.names.begin(), image.names.end());
    std::sort(node.top_of.begin(), node.top_of.end());
  }

  Status AddChild(const std::vector<state::ImageLayer>& layers, size_t position, LayerNode& node) {
    const auto same = [&](const LayerNode& child) { return child.diff_id == layers[position].diff_id; };
    if (std::none_of(node.children.begin(), node.children.end(), same)) node.children.push_back(TRY(Node(layers, position, true)));
    return Ok();
  }

  state::Database& db_;
  const std::vector<state::Image>& all_;
};

}  // namespace

Result<ImageTree> TreeOfImage(Engine& engine, const std::string& name, bool children) {
  ImageTree tree;
  tree.image = TRY(RequireImage(engine, name)).image;
  const std::vector<state::ImageLayer>& layers = tree.image.layers;
  if (layers.empty()) return tree;
  state::Database& db = *TRY(engine.Db());
  const std::vector<state::Image> all = TRY(db.ListImages());
  tree.root = TRY(Builder(db, all).Node(layers, children ? layers.size() - 1 : 0, children));
  return tree;
}

}  // namespace ctool::engine
