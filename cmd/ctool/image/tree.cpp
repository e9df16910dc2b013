// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/image_tree.hpp"

namespace ctool {
namespace {

using engine::LayerNode;

struct TreeOptions {
  std::string image;
  bool what_requires = false;
};

cli::Command Describe(TreeOptions& o) {
  cli::Command c;
  c.summary = "Show an image's layers as a tree";
  c.prose = "Shows the layers of IMAGE from the bottom up, and the images that end with each.";
  c.options = {{.name = "whatrequires", .help = "Show what other images have put on this one instead", .sink = &o.what_requires}};
  c.args = {{.name = "IMAGE", .sink = &o.image, .complete = cli::Complete::kImages}};
  c.examples = {{"image tree alpine"}, {"image tree --whatrequires debian"}};
  return c;
}

std::string Line(const LayerNode& node) {
  constexpr size_t kWidth = 7;
  const std::string size = DiskSize(node.size);
  std::string text = "ID: " + node.diff_id.substr(node.diff_id.find(':') + 1, 12) + " Size: ";
  text += std::string(kWidth - std::min(kWidth, size.size()), ' ') + size;
  if (!node.top_of.empty()) text += " Top Layer of: [" + Printable(Join(node.top_of, " ")) + "]";
  return text + "\n";
}

// A layer with one child stands above it; where images part, each way is a branch.
void Print(const LayerNode& node, const std::string& indent, bool last, std::string& out) {
  const bool goes_on = node.children.size() == 1;
  out += indent + (last && !goes_on ? "└── " : "├── ") + Line(node);
  if (goes_on) return Print(node.children.front(), indent, last, out);
  const std::string below = indent + (last ? "    " : "│   ");
  for (size_t i = 0; i < node.children.size(); ++i) Print(node.children[i], below, i + 1 == node.children.size(), out);
}

Result<int> Run(Context& context, const TreeOptions& o) {
  const engine::ImageTree tree = TRY(engine::TreeOfImage(context.engine, o.image, o.what_requires));
  std::string out = "Image ID: " + tree.image.id.substr(0, 12) + "\nTags:     [" + Printable(Join(tree.image.names, " ")) +
                    "]\nSize:     " + DiskSize(tree.image.size) + "\n";
  out += tree.root.diff_id.empty() ? "No Image Layers\n" : "Image Layers\n";
  if (!tree.root.diff_id.empty()) Print(tree.root, "", true, out);
  PrintRaw(context, out + "\n");
  return 0;
}

}  // namespace

cli::Runnable ImageTreeCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
