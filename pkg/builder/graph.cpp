// SPDX-License-Identifier: Apache-2.0
#include "builder/graph.hpp"

#include "base/text.hpp"
#include "build/expand.hpp"
#include "build/mount.hpp"

namespace ctool::builder {
namespace {

using build::Containerfile;

std::optional<size_t> StageNamed(const Containerfile& file, size_t before, const std::string& name) {
  const std::string lower = ToLower(name);
  for (size_t i = before; i-- > 0;)
    if (!file.stages[i].name.empty() && file.stages[i].name == lower) return i;
  return std::nullopt;
}

std::string PlaceOf(const Containerfile& file, const build::Stage& stage) { return file.file + ":" + std::to_string(stage.where.line); }

Result<std::string> ExpandGlobal(const Containerfile& file, const build::GlobalScope& scope, const std::string& text) {
  const auto lookup = [&scope](std::string_view name) { return scope.Find(name); };
  return TRY(build::Expand(text, lookup, file.escape)).text;
}

// The names that a stage's instructions copy or mount from.
void FromsOf(const build::Instruction& instruction, std::vector<std::string>& names) {
  if (const auto* copy = std::get_if<build::Copy>(&instruction.body); copy != nullptr && !copy->from.empty()) names.push_back(copy->from);
  if (const auto* run = std::get_if<build::Run>(&instruction.body))
    for (const build::RunMount& mount : run->mounts)
      if (const Result<build::Mount> read = build::ParseMount(mount.text); read.ok() && !read->from.empty()) names.push_back(read->from);
}

void Collect(const Graph& graph, size_t stage, std::set<size_t>& needed) {
  if (!needed.insert(stage).second) return;
  for (const size_t other : graph.nodes[stage].needs) Collect(graph, other, needed);
}

Result<size_t> FindTarget(const Containerfile& file, const std::string& target) {
  if (target.empty()) return file.stages.size() - 1;
  if (const std::optional<size_t> named = StageNamed(file, file.stages.size(), target)) return *named;
  const std::optional<uint64_t> number = ParseUint(target);
  if (number && *number < file.stages.size()) return static_cast<size_t>(*number);
  return Error(Code::kInvalidArgument, "the target " + Quote(target) + " was not found in the provided Containerfile");
}

}  // namespace

Origin Graph::Find(const Containerfile& file, const GivenContexts& given, size_t stage, const std::string& text) const {
  if (const auto named = given.find(text); named != given.end()) {
    if (named->second.empty()) return {Origin::Kind::kContext, 0, text, ""};
    return {Origin::Kind::kImage, 0, named->second, ""};
  }
  if (const std::optional<size_t> named = StageNamed(file, stage, text)) return {Origin::Kind::kStage, *named, "", ""};
  const std::optional<uint64_t> number = ParseUint(text);
  if (number && *number < stage) return {Origin::Kind::kStage, static_cast<size_t>(*number), "", ""};
  return {Origin::Kind::kImage, 0, text, ""};
}

std::string Graph::PrefixOf(size_t stage) const {
  return target == 0 ? "" : "[" + std::to_string(stage + 1) + "/" + std::to_string(target + 1) + "] ";
}

Result<Graph> Graph::Make(const Containerfile& file, const build::GlobalScope& scope, const GivenContexts& given,
                          const std::string& target, const std::string& from) {
  Graph graph;
  for (size_t i = 0; i < file.stages.size(); ++i) {
    const build::Stage& stage = file.stages[i];
    Node node;
    node.image = TRY_CTX(PlaceOf(file, stage), ExpandGlobal(file, scope, stage.image));
    if (node.image.empty())
      return Error(Code::kInvalidArgument, PlaceOf(file, stage) + ": FROM " + stage.image + ": the image's name is empty")
          .Hint("give the variable a value: an ARG before the first FROM with a default, or --build-arg");
    if (i == 0 && !from.empty()) node.image = from;
    node.base = ToLower(node.image) == "scratch" && given.count(node.image) == 0 ? Origin{} : graph.Find(file, given, i, node.image);
    // A number is an image's name here.
    if (node.base.kind == Origin::Kind::kStage && ParseUint(node.image)) node.base = {Origin::Kind::kImage, 0, node.image, ""};
    node.base.platform = TRY(ExpandGlobal(file, scope, stage.platform));
    if (node.base.kind == Origin::Kind::kStage) node.needs.insert(node.base.stage);
    std::vector<std::string> names;
    for (const build::Instruction& instruction : stage.instructions) FromsOf(instruction, names);
    for (const std::string& name : names)
      if (const Origin origin = graph.Find(file, given, i, name); origin.kind == Origin::Kind::kStage) node.needs.insert(origin.stage);
    graph.nodes.push_back(std::move(node));
  }
  graph.target = TRY(FindTarget(file, target));
  std::set<size_t> needed;
  Collect(graph, graph.target, needed);
  graph.needed.assign(needed.begin(), needed.end());
  return graph;
}

}  // namespace ctool::builder
