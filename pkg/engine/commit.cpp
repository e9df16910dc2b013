// SPDX-License-Identifier: Apache-2.0
#include "engine/commit.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/scope.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/commit_internal.hpp"
#include "engine/unused.hpp"
#include "engine/import_internal.hpp"
#include "engine/put_manifest.hpp"
#include "engine/pause.hpp"
#include "engine/commit_image.hpp"
#include "engine/in_store.hpp"
#include "spec/reference.hpp"
#include "engine/tell.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

Result<std::string> WholeName(const std::string& reference) {
  if (reference.empty()) return std::string();
  const spec::Reference parsed = TRY(spec::Reference::ParseWithDomain(reference, "localhost"));
  if (!parsed.digest.empty()) return Error(Code::kInvalidArgument, "invalid reference format: a digest can't be chosen");
  return parsed.Name();
}

void AddOnce(std::vector<std::string>& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// The names of published ports: "8080:80/tcp" exposes 80/tcp. A range stays one.
void ExposePorts(const ContainerSpec& spec, spec::ImageDefaults& config) {
  for (const std::string& port : spec.exposed) AddOnce(config.exposed_ports, port.find('/') == std::string::npos ? port + "/tcp" : port);
  for (const std::string& mapping : spec.ports) {
    const size_t colon = mapping.rfind(':');
    const std::string port = colon == std::string::npos ? mapping : mapping.substr(colon + 1);
    AddOnce(config.exposed_ports, port.find('/') == std::string::npos ? port + "/tcp" : port);
  }
}

// What a container was made with becomes what the image's containers get.
void FoldSpec(const ContainerSpec& spec, bool include_volumes, spec::ImageDefaults& config) {
  config.entrypoint = spec.entrypoint;
  config.cmd = spec.command;
  const std::vector<std::string> image_env = config.env;
  config.env.clear();
  for (const std::string& entry : spec.env) {
    // The host name was the container's own.
    const bool of_image = std::find(image_env.begin(), image_env.end(), entry) != image_env.end();
    if (of_image || !StartsWith(entry, "HOSTNAME=")) config.env.push_back(entry);
  }
  ExposePorts(spec, config);
  for (const auto& [key, value] : spec.labels) config.labels[key] = value;
  config.user = spec.user;
  config.working_dir = spec.working_dir;
  for (const ContainerMount& mount : spec.mounts)
    if ((mount.type == "volume" && mount.anonymous) || (include_volumes && (mount.type == "volume" || mount.type == "bind")))
      AddOnce(config.volumes, mount.destination);
}

// Formats don't mix: the layers of the image get the media types of the new manifest.
std::string MediaTypeIn(bool docker, const std::string& type) {
  const Result<spec::Compression> compression = spec::LayerCompression(type);
  if (!compression.ok()) return type;
  if (*compression == spec::Compression::kNone) return std::string(docker ? kDockerLayer : spec::kOciLayer);
  if (*compression == spec::Compression::kGzip) return std::string(docker ? spec::kDockerLayerGzip : spec::kOciLayerGzip);
  return type;
}

Result<CommitPlan> PlanCommit(Engine& engine, const CommitOptions& options) {
  CommitPlan plan;
  plan.docker = options.format == "docker" || options.format == "v2s2";
  if (!plan.docker && options.format != "oci") return Error(Code::kInvalidArgument, "unrecognized image format " + Quote(options.format));
  if (!options.message.empty() && !plan.docker)
    return Error(Code::kInvalidArgument, "messages are only compatible with the docker image format (-f docker)");
  plan.name = TRY(WholeName(options.image));
  plan.wanted = TRY(WantRootfs(engine, options.container));
  if (!plan.wanted.spec.rootfs.empty()) return Error(Code::kUnsupported, "cannot commit a container that uses an exploded rootfs");
  plan.wanted.with_mounts = plan.wanted.writable = false;
  plan.files = TRY(FilesOf(engine, plan.wanted.container.id));
  plan.live = TRY(FindProcess(engine, plan.wanted.container.id));
  const std::optional<state::Image> image = TRY(TRY(engine.Db())->FindImageById(plan.wanted.container.image_id));
  if (!image) return Error(Code::kNotFound, "the image of container " + plan.wanted.container.name + " is gone");
  plan.image = *image;
  plan.config = TRY(spec::ImageConfig::Parse(image->config));
  FoldSpec(plan.wanted.spec, options.include_volumes, plan.config.config);
  for (const std::string& change : options.changes) TRY(ApplyChange(change, plan.config.config));
  plan.whole = options.squash || sys::Exists(plan.files->Rootfs());
  plan.config.created = Rfc3339Utc(WallNanos());
  plan.config.author = options.author;
  plan.config.comment = options.message;
  const config::Paths& paths = *TRY(engine.Paths());
  plan.store = GlobalOptions{paths.graph_root, paths.run_root};
  plan.map = TRY(userns::DefaultMap());
  return plan;
}

Result<state::Image> MakeImage(const CommitPlan& plan, const storage::Store& store, const ImportedLayer& layer) {
  spec::ImageConfig config = plan.config;
  if (plan.whole) {
    config.diff_ids.clear();
    config.history.clear();
  }
  config.diff_ids.push_back(layer.layer.diff_id);
  spec::HistoryEntry entry;
  entry.created = config.created;
  entry.created_by = "/bin/sh";
  entry.author = config.author;
  entry.comment = "FROM " + plan.wanted.spec.image_name;
  config.history.push_back(entry);

  state::Image image;
  image.config = config.Print();
  std::vector<spec::Descriptor> layers;
  if (!plan.whole) {
    image.layers = plan.image.layers;
    image.size = plan.image.size;
    for (state::ImageLayer& below : image.layers) {
      below.media_type = MediaTypeIn(plan.docker, below.media_type);
      if (below.blob.empty()) return Error(Code::kUnsupported, "the image's layers were not kept as they came");
      spec::Descriptor blob;
      blob.media_type = below.media_type;
      blob.digest = TRY(spec::Digest::Parse(below.blob));
      blob.size = below.blob_size;
      layers.push_back(blob);
    }
  }
  spec::Descriptor blob = layer.blob;
  blob.media_type = MediaTypeIn(plan.docker, blob.media_type);
  layers.push_back(blob);
  image.layers.push_back({layer.layer.diff_id.str(), blob.digest.str(), blob.media_type, blob.size});
  image.size += layer.layer.size;
  TRY(PutManifest(store, plan.docker ? spec::kDockerManifest : spec::kOciManifest, std::move(layers), config.created, plan.name, image));
  return image;
}

Result<std::string> CommitInside(const CommitPlan& plan, Interrupt& interrupt) {
  Engine engine(plan.store);
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  const auto add = [&]() -> Result<std::string> {
    const sys::FileLock adding = TRY(store.LockContent(sys::FileLock::Mode::kShared));
    const ImportedLayer layer = TRY(CommitLayer(plan, store, interrupt));
    const state::Image image = TRY(MakeImage(plan, store, layer));
    return CommitImage(store, db, image, {TRY(DurableLayer(layer.layer.diff_id, layer.layer.size))});
  };
  Result<std::string> id = add();
  if (id.ok()) return id;
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Debug(discarded.error().Message());
  return id;
}

}  // namespace

Result<std::string> CommitContainer(Engine& engine, const CommitOptions& options) {
  // A database of its own, closed again: none may be open when the store's process is forked.
  const config::Paths& paths = *TRY(engine.Paths());
  std::optional<Engine> reader(std::in_place, GlobalOptions{paths.graph_root, paths.run_root});
  const CommitPlan plan = TRY(PlanCommit(*reader, options));
  reader.reset();
  const bool pauses = plan.live && options.pause;
  Status unpaused = Ok();
  InStore in_store;
  if (plan.live) in_store.member = plan.live->pidfd.get();
  std::optional<PauseGuard> guard;
  if (pauses) {
    in_store.before = [&]() -> Status {
      guard = TRY(PauseGuard::Post({paths.graph_root, paths.run_root}, plan.wanted.container));
      Result<PauseOutcome> paused = PauseContainer(engine, plan.wanted.container);
      if (paused.ok()) return Ok();
      guard->Dismiss();  // the pause that is there is somebody else's
      return std::move(paused).error();
    };
    in_store.after = [&] {
      unpaused = UnpauseContainer(engine, plan.wanted.container);
      guard->Dismiss();
    };
  }
  Result<std::string> id = RunInStore(
      plan.map, plan.store, [&plan](Interrupt& interrupt) { return CommitInside(plan, interrupt); },
      in_store);
  TRY(std::move(unpaused));
  if (id.ok()) Tell(engine, "commit", plan.wanted.container);
  return id;
}

}  // namespace ctool::engine
