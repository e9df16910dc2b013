// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "sys/file.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/image_list_internal.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kNever[] = "0001-01-01T00:00:00Z";  // how Go prints a time that was not set

// The keys of a set, as Go's map[string]struct{} prints: {"80/tcp": {}}.
Json Set(const std::vector<std::string>& keys) {
  Json out = Json::object();
  for (const std::string& key : keys) out[key] = Json::object();
  return out;
}

Json Map(const std::map<std::string, std::string>& map) {
  return map.empty() ? Json(nullptr) : Json(map);
}

template <class T>
void AddIfSet(Json& out, const char* key, const T& value) {
  if (!value.empty()) out[key] = value;
}

Json ConfigOf(const spec::ImageDefaults& defaults) {
  Json out = Json::object();
  AddIfSet(out, "User", defaults.user);
  if (!defaults.exposed_ports.empty()) out["ExposedPorts"] = Set(defaults.exposed_ports);
  AddIfSet(out, "Env", defaults.env);
  AddIfSet(out, "Entrypoint", defaults.entrypoint);
  AddIfSet(out, "Cmd", defaults.cmd);
  if (!defaults.volumes.empty()) out["Volumes"] = Set(defaults.volumes);
  AddIfSet(out, "WorkingDir", defaults.working_dir);
  AddIfSet(out, "Labels", defaults.labels);
  AddIfSet(out, "StopSignal", defaults.stop_signal);
  AddIfSet(out, "OnBuild", defaults.on_build);
  AddIfSet(out, "Shell", defaults.shell);
  return out;
}

Json HealthCheckOf(const spec::HealthCheck& check) {
  Json out = {{"Test", check.test}};
  if (check.interval != 0) out["Interval"] = check.interval;
  if (check.timeout != 0) out["Timeout"] = check.timeout;
  if (check.start_period != 0) out["StartPeriod"] = check.start_period;
  if (check.retries != 0) out["Retries"] = check.retries;
  return out;
}

Json HistoryOf(const std::vector<spec::HistoryEntry>& history) {
  Json out = Json::array();
  for (const spec::HistoryEntry& entry : history) {
    Json one = Json::object();
    AddIfSet(one, "created", entry.created);
    AddIfSet(one, "created_by", entry.created_by);
    AddIfSet(one, "author", entry.author);
    AddIfSet(one, "comment", entry.comment);
    if (entry.empty_layer) one["empty_layer"] = true;
    out.push_back(std::move(one));
  }
  return out;
}

// Where the layers are, in the words of the overlay driver: the top layer is "upper".
Json GraphDriverOf(const storage::Store& store, const spec::ImageConfig& config) {
  Json data = Json::object();
  std::string lower;
  for (size_t i = config.diff_ids.size(); i-- > 1;)
    lower += (lower.empty() ? "" : ":") + store.LayerDiffPath(config.diff_ids[i - 1]);
  if (!lower.empty()) data["LowerDir"] = lower;
  if (!config.diff_ids.empty()) data["UpperDir"] = store.LayerDiffPath(config.diff_ids.back());
  return {{"Name", "overlay"}, {"Data", std::move(data)}};
}

// An image without a name has no digests either, as podman sees it: "repo@digest" is a name and a
// digest, and goes with the last name of that repository.
Json RepoDigestsOf(const state::Image& image) {
  Json out = Json::array();
  for (const std::string& digest : image.digests) {
    const std::string repository = digest.substr(0, digest.find('@'));
    for (const std::string& name : image.names) {
      if (!StartsWith(name, repository) || name.size() == repository.size()) continue;
      if (name[repository.size()] != ':' && name[repository.size()] != '@') continue;
      out.push_back(digest);
      break;
    }
  }
  return out;
}

Json RepoTagsOf(const state::Image& image) {
  Json out = Json::array();
  for (const std::string& name : image.names)
    if (name.find('@') == std::string::npos) out.push_back(name);
  return out;
}

// The image it was built on: the one with the most layers and history of those it begins with.
Result<std::string> ParentOf(state::Database& db, const state::Image& image,
                             const spec::ImageConfig& config) {
  std::string parent;
  size_t best = 0;
  for (const state::Image& other : TRY(db.ListImages())) {
    if (other.layers.empty() || image.layers.empty() ||
        other.layers.front().diff_id != image.layers.front().diff_id)
      continue;  // most images: their configs need not be read
    const Result<spec::ImageConfig> candidate = spec::ImageConfig::Parse(other.config);
    if (!candidate.ok() || !IsParent(*candidate, config) || candidate->history.size() <= best)
      continue;
    best = candidate->history.size();
    parent = other.id;
  }
  return parent;
}

// Annotations are the manifest's; it may have been given up with the other blobs.
Json AnnotationsOf(const storage::Store& store, const state::Image& image) {
  const Result<spec::Digest> digest = spec::Digest::Parse(image.manifest_digest);
  if (!digest.ok()) return Json::object();
  // Read as it is: what is shown to people needs no second look at its hash, and the program that
  // starts containers no TLS library.
  const Result<std::string> bytes = sys::ReadFile(store.BlobPath(*digest), spec::kMaxDocumentBytes);
  if (!bytes.ok()) return Json::object();
  const Result<spec::Manifest> manifest = spec::Manifest::Parse(*bytes);
  return manifest.ok() && !manifest->annotations.empty() ? Json(manifest->annotations)
                                                         : Json::object();
}

// Docker's image configs say which docker made them.
std::string DockerVersion(const std::string& config) {
  const Json json = Json::parse(config, nullptr, false);
  if (!json.is_object()) return "";
  const auto version = json.find("docker_version");
  return version != json.end() && version->is_string() ? version->get<std::string>() : "";
}

}  // namespace

Result<std::string> InspectImage(Engine& engine, const FoundImage& found) {
  const state::Image& image = found.image;
  const storage::Store& store = *TRY(engine.Store());
  const spec::ImageConfig config = TRY(spec::ImageConfig::Parse(image.config));
  Json out;
  out["Id"] = image.id;
  out["Digest"] = image.manifest_digest;
  out["RepoTags"] = RepoTagsOf(image);
  out["RepoDigests"] = RepoDigestsOf(image);
  out["Parent"] = TRY(ParentOf(*TRY(engine.Db()), image, config));
  // Of the image itself, or of its last layer, as podman tells it.
  out["Comment"] = config.comment.empty() && !config.history.empty() ? config.history.back().comment : config.comment;
  out["Created"] = ParseRfc3339(config.created) ? config.created : std::string(kNever);
  out["Config"] = ConfigOf(config.config);
  out["Version"] = DockerVersion(image.config);
  out["Author"] = config.author;
  out["Architecture"] = config.platform.architecture;
  if (!config.platform.variant.empty()) out["Variant"] = config.platform.variant;
  out["Os"] = config.platform.os;
  out["Size"] = image.size;
  out["VirtualSize"] = image.size;
  out["GraphDriver"] = GraphDriverOf(store, config);
  Json layers = Json::array();
  for (const spec::Digest& layer : config.diff_ids) layers.push_back(layer.str());
  out["RootFS"] = {{"Type", "layers"}, {"Layers", std::move(layers)}};
  out["Labels"] = Map(config.config.labels);
  out["Annotations"] = AnnotationsOf(store, image);
  out["ManifestType"] = image.manifest_type;
  out["User"] = config.config.user;
  out["History"] = HistoryOf(config.history);
  out["NamesHistory"] = image.names;
  if (config.config.healthcheck) out["Healthcheck"] = HealthCheckOf(*config.config.healthcheck);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::engine
