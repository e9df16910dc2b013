// SPDX-License-Identifier: Apache-2.0
#include "builder/finish.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "builder/key.hpp"
#include "builder/pack.hpp"
#include "engine/commit_image.hpp"
#include "engine/put_manifest.hpp"
#include "spec/reference.hpp"

namespace ctool::builder {
namespace {

// The labels, variables and annotations of the command line.
Status ApplyOptions(const BuildOptions& options, spec::ImageConfig& config) {
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    config.config.labels[label.substr(0, equals)] = equals == std::string::npos ? "" : label.substr(equals + 1);
  }
  for (const std::string& name : options.unset_labels) config.config.labels.erase(name);
  std::vector<std::string>& env = config.config.env;
  const auto is = [](const std::string& entry, const std::string& name) { return entry.compare(0, name.size() + 1, name + "=") == 0; };
  for (const std::string& entry : options.envs) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos) return Error(Code::kInvalidArgument, "--env " + Quote(entry) + ": wanted NAME=VALUE");
    std::erase_if(env, [&](const std::string& e) { return is(e, entry.substr(0, equals)); });
    env.push_back(entry);
  }
  for (const std::string& name : options.unset_envs) std::erase_if(env, [&](const std::string& e) { return is(e, name); });
  return Ok();
}

// Formats don't mix: all layers get the media types of the new manifest.
std::string MediaTypeIn(bool docker, const std::string& type) {
  const Result<spec::Compression> compression = spec::LayerCompression(type);
  if (!compression.ok()) return type;
  if (*compression == spec::Compression::kNone) return std::string(docker ? spec::kDockerLayer : spec::kOciLayer);
  if (*compression == spec::Compression::kGzip) return std::string(docker ? spec::kDockerLayerGzip : spec::kOciLayerGzip);
  return type;
}

// What of an image does not change from one build to the next.
std::string IdentityOf(const spec::ImageConfig& config, const std::vector<state::ImageLayer>& layers, const std::string& format) {
  spec::ImageConfig timeless = config;
  timeless.created.clear();
  for (spec::HistoryEntry& entry : timeless.history) entry.created.clear();
  Key key("result");
  key.Add(format).Add(timeless.Print());
  for (const state::ImageLayer& layer : layers) key.Add(layer.diff_id);
  return key.Finish();
}

Result<std::map<std::string, std::string>> Annotations(const BuildOptions& options) {
  std::map<std::string, std::string> annotations;
  for (const std::string& text : options.annotations) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) return Error(Code::kInvalidArgument, "--annotation " + Quote(text) + ": wanted KEY=VALUE");
    annotations[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return annotations;
}

struct Content {
  std::vector<state::ImageLayer> layers;
  int64_t size = 0;
  std::vector<PackedLayer> made;
};

void AddPacked(const PackedLayer& packed, Content& content) {
  content.layers.push_back(packed.row);
  content.size += packed.size;
  content.made.push_back(packed);
}

Result<Content> ContentOf(Session& session, const StageState& state) {
  Content content;
  if (session.options.squash_all) {
    const PackedLayer whole = TRY(PackWhole(session, state.fs));
    AddPacked(whole, content);
    return content;
  }
  content.layers = state.fs.base_layers;
  content.size = state.fs.base_size;
  for (const std::shared_ptr<Layer>& layer : state.fs.layers) {
    const PackedLayer packed = TRY(layer->Await());
    AddPacked(packed, content);
  }
  return content;
}

Status AddHistory(const Session& session, const StageState& state, const std::string& now, spec::ImageConfig& config) {
  if (session.options.squash_all) config.history.clear();
  if (session.options.omit_history) {
    config.history.clear();
    return Ok();
  }
  for (const HistoryLine& line : state.history) {
    spec::HistoryEntry entry;
    entry.created_by = line.created_by;
    entry.created = now;
    if (line.layer != nullptr && !session.times.created) {
      const PackedLayer packed = TRY(line.layer->Await());
      entry.created = Rfc3339Utc(packed.created);
    }
    entry.empty_layer = session.options.squash_all ? &line != &state.history.back() : line.layer == nullptr;
    config.history.push_back(std::move(entry));
  }
  return Ok();
}

}  // namespace

Result<std::string> FinishImage(Session& session, state::Database& db, const StageState& state, const std::vector<std::string>& names) {
  const std::map<std::string, std::string> annotations = TRY(Annotations(session.options));
  const bool docker = session.options.format == "docker";
  spec::ImageConfig config = state.config;
  TRY(ApplyOptions(session.options, config));
  const std::string now = Rfc3339Utc(session.times.created.value_or(WallNanos()));
  Content content = TRY(ContentOf(session, state));
  TRY(AddHistory(session, state, now, config));
  config.created = now;
  config.diff_ids.clear();
  std::vector<spec::Descriptor> blobs;
  for (state::ImageLayer& layer : content.layers) {
    layer.media_type = MediaTypeIn(docker, layer.media_type);
    config.diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
    spec::Descriptor blob;
    blob.media_type = layer.media_type;
    blob.digest = TRY(spec::Digest::Parse(layer.blob));
    blob.size = layer.blob_size;
    blobs.push_back(std::move(blob));
  }
  const std::string identity = IdentityOf(config, content.layers, session.options.format);
  std::string id = session.times.created ? "" : TRY(session.cache.FindImage(identity));
  if (id.empty()) {
    state::Image image;
    image.config = config.Print();
    image.layers = content.layers;
    image.size = content.size;
    TRY(engine::PutManifest(session.store, docker ? spec::kDockerManifest : spec::kOciManifest, std::move(blobs), now, "", image, annotations));
    image.names = names;
    for (const std::string& name : names) image.digests.push_back(TRY(spec::Reference::Parse(name)).Repository() + "@" + image.manifest_digest);
    std::map<std::string, int64_t> sizes;
    for (const std::string& diff_id : session.cache.made())
      if (const std::optional<state::Layer> row = TRY(db.FindLayer(diff_id))) sizes[diff_id] = row->size;
    for (const PackedLayer& layer : content.made) sizes[layer.row.diff_id] = layer.size;
    std::vector<state::Layer> durable;
    for (const auto& [diff_id, size] : sizes) {
      const spec::Digest digest = TRY(spec::Digest::Parse(diff_id));
      durable.push_back(TRY(engine::DurableLayer(digest, size)));
    }
    id = TRY(engine::CommitImage(session.store, db, std::move(image), durable));
    TRY(session.cache.KeepImage(identity, id, "image"));
  }
  for (const std::string& name : names) {
    const std::optional<state::Image> there = TRY(db.FindImageByName(name));
    if (!there || there->id != id) TRY(db.SetName(name, id));
  }
  return id;
}

}  // namespace ctool::builder
