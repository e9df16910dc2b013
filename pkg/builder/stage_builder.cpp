// SPDX-License-Identifier: Apache-2.0
#include "builder/stage_builder_internal.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "build/parser.hpp"
#include "builder/pack.hpp"
#include "sys/thread.hpp"

namespace ctool::builder {
namespace {

constexpr size_t kShownId = 11;  // characters of a step's id, as buildah shows

// In quotes, as it stands in the file: what a terminal would obey is taken out when it is printed.
std::string Shown(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

StageBuilder::StageBuilder(Stages& stages, size_t stage)
    : stages_(stages), session_(stages.session), source_(stages.file.stages[stage]), index_(stage), prefix_(stages.graph.PrefixOf(stage)) {}

Result<StageState> StageBuilder::Run() {
  const std::string total = std::to_string(source_.instructions.size() + 1);
  const auto begin = [&](const std::string& text) {
    Say(prefix_ + "STEP " + std::to_string(++number_) + "/" + total + ": " + text);
    session_.output.Doing(index_, prefix_ + text);
  };
  begin(source_.text.empty() ? "FROM " + source_.image : source_.text);
  TRY(Begin());
  for (const build::Instruction& instruction : source_.instructions) {
    begin(instruction.text);
    TRY(Step(instruction));
  }
  TRY(Seal());
  session_.output.Doing(index_, "");
  return std::move(state_);
}

Status StageBuilder::Step(const build::Instruction& instruction) {
  TRY(session_.GoOn());
  Status done = Evaluate(instruction);
  if (!done.ok()) return Explain(std::move(done).error()).Wrap("building at STEP " + Shown(instruction.text));
  EndStep();
  return Ok();
}

Error StageBuilder::Explain(Error error) const {
  if (error.sys_errno() != ENOSPC && error.sys_errno() != EDQUOT) return error;
  return std::move(error).Hint("the store '" + session_.store.root() + "' is full; ctool system prune and ctool rmi give space back; see: ctool doctor");
}

Status StageBuilder::Evaluate(const build::Instruction& instruction) {
  instruction_ = &instruction;
  return std::visit([this](const auto& body) { return Apply(body); }, instruction.body);
}

void StageBuilder::EndStep() {
  Say("--> " + state_.state_key.substr(0, kShownId));
  Mark(prefix_ + "step " + std::to_string(number_));
}

Status StageBuilder::Begin() {
  const Graph::Node& node = stages_.graph.nodes[index_];
  state_.fs.empty = session_.empty;
  switch (node.base.kind) {
    case Origin::Kind::kScratch:
      state_.config.platform = stages_.platform;
      state_.fs_key = state_.state_key = "scratch";
      state_.scope.emplace(stages_.scope, state_.config.config.env);
      return Ok();
    case Origin::Kind::kStage: {
      const StageState& base = *TRY(stages_.Await(node.base.stage));
      state_ = base;
      state_.has_command = false;
      return RunTriggers(std::exchange(state_.config.config.on_build, {}));
    }
    case Origin::Kind::kContext:
      return Error(Code::kUnsupported, "FROM " + node.image + ": a build context that is a folder is nothing to build on")
          .Hint("--build-context " + node.image + "=docker://IMAGE names an image");
    case Origin::Kind::kImage: return BeginFromImage(node.base.name, node.base.platform);
  }
  return Ok();
}

Status StageBuilder::BeginFromImage(const std::string& name, const std::string& platform) {
  const std::string id = TRY_CTX("creating build container", session_.host.EnsureImage(name, platform));
  const state::Image image = TRY(session_.cache.LoadImage(id));
  state_.config = TRY(spec::ImageConfig::Parse(image.config));
  std::vector<spec::Digest> diff_ids;
  Key key("image");
  for (const state::ImageLayer& layer : image.layers) {
    diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
    key.Add(layer.diff_id);
    if (layer.blob.empty()) return Error(Code::kUnsupported, name + ": the image's layers were not kept as they came").Hint("pull it again");
  }
  state_.fs.base_folders = session_.store.LowerDirs(diff_ids, image.fixup_layer);
  state_.fs.base_layers = image.layers;
  state_.fs.base_size = image.size;
  state_.fs_key = key.Finish();
  state_.state_key = image.id;
  state_.scope.emplace(stages_.scope, state_.config.config.env);
  return RunTriggers(std::exchange(state_.config.config.on_build, {}));
}

// What the base image has left for who builds on it.
Status StageBuilder::RunTriggers(const std::vector<std::string>& triggers) {
  for (const std::string& text : triggers) {
    const build::Instruction instruction = TRY(build::ParseTrigger(stages_.graph.nodes[index_].image, text));
    Say(prefix_ + "# Executing ONBUILD trigger: " + instruction.text);
    TRY(Step(instruction));
  }
  return Ok();
}

Result<bool> StageBuilder::UseCached(const std::string& key, const std::string& created_by) {
  const std::optional<Cache::Hit> hit = TRY(session_.cache.Find(key));
  if (!hit) return false;
  Say("--> Using cache " + hit->key);
  state_.fs_key = hit->key;
  if (!hit->layer) {
    Note(created_by);
    return true;
  }
  const spec::Digest diff_id = TRY(spec::Digest::Parse(hit->layer->row.diff_id));
  auto layer = std::make_shared<Layer>(session_.store.LayerDiffPath(diff_id), *hit->layer);
  state_.fs.layers.push_back(layer);
  Note(created_by, std::move(layer));
  return true;
}

Result<WorkFolder> StageBuilder::BeginLayer() {
  WorkFolder folder = TRY(WorkFolder::Make(session_.store));
  if (!open_) return folder;
  if (::rename(open_->Upper().c_str(), folder.Upper().c_str()) < 0) return Error::Sys(errno, "rename", open_->Upper());
  open_.reset();
  return folder;
}

// The root directory's attributes under a new layer; a folder that is there can't fail to say.
struct stat StageBuilder::RootBelow(const std::string& folder) const {
  const std::shared_lock lock(session_.paths);
  struct stat st {};
  if (::stat((folder.empty() ? state_.fs.Folders().front() : folder).c_str(), &st) < 0) Debug(Error::Sys(errno, "stat the layer below").Message());
  return st;
}

void StageBuilder::AddLayer(NewLayer made) {
  state_.fs_key = made.key;
  if (session_.one_layer) {
    open_.emplace(std::move(made.folder));
    Note(std::move(made.created_by));
    return;
  }
  const std::string upper = made.folder.Upper();
  const struct stat below = RootBelow(made.below);
  auto layer = std::make_shared<Layer>(std::move(made.folder));
  // The next step runs meanwhile.
  stages_.InBackground([&stages = stages_, &session = session_, layer, upper, below, key = made.key, also = made.also, text = instruction_->text] {
    Result<PackedLayer> packed = PackLayer(session, *layer, upper, below);
    const auto keep = [&]() -> Status {
      TRY(session.cache.Keep(key, *packed, text));
      return also.empty() ? Ok() : session.cache.KeepAlias(also, key, text);
    };
    if (packed.ok())
      if (Status kept = keep(); !kept.ok()) packed = std::move(kept).error();
    // No further step is worth its time.
    if (!packed.ok()) stages.Fail(Error(packed.error()).Wrap("building at STEP " + Shown(text)));
    layer->Finish(std::move(packed));
  });
  state_.fs.layers.push_back(layer);
  Note(std::move(made.created_by), std::move(layer));
}

// The end of a stage of one layer.
Status StageBuilder::Seal() {
  if (!open_) return Ok();
  const std::string upper = open_->Upper();
  const struct stat below = RootBelow("");
  auto layer = std::make_shared<Layer>(std::move(*open_));
  open_.reset();
  layer->Finish(PackLayer(session_, *layer, upper, below));
  TRY(layer->Await());
  state_.fs.layers.push_back(layer);
  state_.history.back().layer = layer;
  return Ok();
}

}  // namespace ctool::builder
