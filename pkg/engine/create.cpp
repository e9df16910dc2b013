// SPDX-License-Identifier: Apache-2.0
#include "engine/create_internal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/auth.hpp"
#include "engine/container_secrets_internal.hpp"
#include "engine/dependencies.hpp"
#include "engine/fold_internal.hpp"
#include "engine/images.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "engine/volumes_internal.hpp"
#include "network/ports.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Error NameInUse(const std::string& name, const std::string& holder) {
  return Error(Code::kAlreadyExists,
               "the container name \"" + name + "\" is already in use by " + holder +
                   ". You have to remove that container to be able to reuse that name: that name is "
                   "already in use, or use --replace to instruct Podman to do so.");
}

Result<std::vector<std::string>> LayerFolders(const storage::Store& store, const state::Image& image) {
  std::vector<spec::Digest> diff_ids;
  for (const state::ImageLayer& layer : image.layers) diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
  return store.LowerDirs(diff_ids, image.fixup_layer);
}

// A folder of the host in place of an image: "FOLDER", or "FOLDER:O", which is not written to.
Status FoldRootfs(const std::string& text, ContainerSpec& spec) {
  const size_t colon = text.rfind(':');
  const std::string option = colon == std::string::npos ? "" : text.substr(colon + 1);
  spec.rootfs_overlay = option == "O";
  if (StartsWith(option, "idmap")) return Error(Code::kUnsupported, "--rootfs with idmap is not supported");
  const std::string path = spec.rootfs_overlay ? text.substr(0, colon) : text;
  std::array<char, PATH_MAX> real;
  if (::realpath(path.c_str(), real.data()) == nullptr) return Error::Sys(errno, "stat", path).As(Code::kInvalidArgument);
  spec.rootfs = real.data();
  const sys::Fd folder = TRY(sys::Open(spec.rootfs, O_RDONLY | O_DIRECTORY));
  if (spec.rootfs_overlay) spec.layers = {spec.rootfs};
  return Ok();
}

Status FoldImage(Engine& engine, const FoundImage& found, ContainerSpec& spec) {
  spec.image_id = found.image.id;
  spec.image_name = found.name.empty() ? found.image.id : found.name;
  spec.image_digest = found.image.manifest_digest;
  spec.layers = TRY(LayerFolders(*TRY(engine.Store()), found.image));
  return Ok();
}

Status Fold(Engine& engine, const CreateOptions& options, ContainerSpec& spec) {
  spec::ImageConfig image;
  if (options.rootfs) {
    TRY(FoldRootfs(options.image, spec));
  } else {
    const FoundImage found = TRY(EnsureImage(engine, options.image, options.pull, options.fetch));
    image = TRY(spec::ImageConfig::Parse(found.image.config));
    TRY(FoldImage(engine, found, spec));
  }
  return FoldDefaults(engine, options, image.config, spec);
}

// A new volume is the caller's, who may be nobody in the container: then it is its root's.
Status GiveToRoot(Engine& engine, const ContainerSpec& spec, const std::string& volume) {
  const std::optional<uint32_t> uid = IntermediateId(spec.id_mappings.uids, 0), gid = IntermediateId(spec.id_mappings.gids, 0);
  return uid && gid ? GiveVolume(TRY(engine.Store())->VolumePath(volume), *uid, *gid) : Ok();
}

// Before the container is set up, which mounts them. Those that are new, whose removal gives them back.
Result<std::vector<std::string>> MakeVolumes(Engine& engine, const ContainerSpec& spec) {
  std::vector<std::string> made;
  const auto is_volume = [](const ContainerMount& m) { return m.type == "volume"; };
  if (std::none_of(spec.mounts.begin(), spec.mounts.end(), is_volume)) return made;
  state::Database& db = *TRY(engine.Db());
  TRY(db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    made.clear();
    for (const ContainerMount& m : spec.mounts) {
      if (!is_volume(m) || TRY(db.FindVolume(m.name))) continue;
      state::Volume volume;
      volume.name = m.name;
      volume.driver = "local";
      volume.labels = volume.options = "{}";
      volume.created = spec.created;
      volume.anonymous = m.anonymous;
      TRY(InsertVolume(engine, volume));
      made.push_back(m.name);
    }
    return Ok();
  }));
  for (const std::string& name : made) TRY(GiveToRoot(engine, spec, name));
  for (const std::string& name : made) TellVolume(engine, "create", name);
  return made;
}

Status UseMounted(state::Database& db, const ContainerSpec& spec) {
  for (const ContainerMount& m : spec.mounts) {
    if (m.type == "volume") TRY(db.UseVolume(m.name, spec.id));
    if (m.type == "image") TRY(db.UseImage(m.image_id, spec.id));
  }
  return Ok();
}

std::string PortsText(const ContainerSpec& spec) {
  std::vector<network::PortMapping> exposed;
  for (const std::string& text : spec.exposed)
    if (const Result<network::PortMapping> port = network::ParseExposedPort(text); port.ok()) exposed.push_back(*port);
  const Result<std::vector<network::PortMapping>> mappings = network::ParsePortMappings(spec.ports);
  return mappings.ok() ? network::FormatPorts(*mappings, exposed) : "";
}

state::Container Record(const ContainerSpec& spec) {
  state::Container c;
  c.id = spec.id;
  c.name = spec.name;
  c.image_id = spec.image_id;
  c.image_name = spec.image_name;
  c.command = Join(spec.Argv(), " ");
  c.labels = nlohmann::json(spec.labels).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  c.spec = spec.Print();
  c.created = spec.created;
  c.auto_remove = spec.auto_remove;
  c.ports = PortsText(spec);
  c.network_mode = NetworkModeText(spec);
  return c;
}

// Whether a name is free is asked again in the transaction that takes it.
Status RequireFree(state::Database& db, const std::string& name) {
  const std::optional<state::Container> holder = TRY(db.FindContainerByName(name));
  return holder ? Status(NameInUse(name, holder->id)) : Ok();
}

Result<std::string> FreeName(state::Database& db, const std::string& id) {
  for (int tries = 0; tries < 10; ++tries) {
    std::string name = RandomName();
    if (!TRY(db.FindContainerByName(name))) return name;
  }
  return RandomName() + "_" + id.substr(0, 8);
}

Status WriteIdFile(const std::string& path, const std::string& id) {
  if (path.empty()) return Ok();
  return sys::WriteFileAtomic(path, id, 0644, sys::Durability::kNone);
}

// Its image may have been removed after it was found: then that is what went wrong, whatever failed of it.
Error BecauseOfImage(state::Database& db, const ContainerSpec& spec, Error error) {
  if (spec.image_id.empty()) return error;
  const Result<std::optional<state::Image>> image = db.FindImageById(spec.image_id);
  if (!image.ok() || image->has_value()) return error;
  return Error(Code::kNotFound, Printable(spec.image_name) + ": image not known (it was removed just now)");
}

// Whatever failed, nothing is left of the container.
Error Undo(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files, const std::vector<std::string>& volumes, Error error) {
  for (const std::string& volume : volumes)
    if (const Status gone = RemoveVolume(engine, volume, {}); !gone.ok()) Debug(gone.error().Message());
  Status removed = DeleteTree(files.folder);
  if (removed.ok()) removed = sys::RemoveTree(files.bundle);
  const Result<state::Database*> db = engine.Db();
  if (db.ok()) error = BecauseOfImage(**db, spec, std::move(error));
  return removed.ok() ? error : std::move(error).Wrap(removed.error().Message());
}

Status Insert(Engine& engine, NewContainer& container, state::ContainerState as) {
  state::Database& db = *TRY(engine.Db());
  const ContainerSpec& spec = container.spec;
  container.record = Record(spec);
  container.record.state = as;
  if (as == state::ContainerState::kRunning) container.record.started = WallNanos();
  TRY(db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    TRY(RequireFree(db, spec.name));
    TRY(db.PutContainer(container.record));
    return UseMounted(db, spec);
  }));
  Tell(engine, "create", container.record);
  return Ok();
}

std::string WantedName(const CreateOptions& options) {
  return !options.name.empty() && options.name[0] == '/' ? options.name.substr(1) : options.name;
}

}  // namespace

Status FoldDefaults(Engine& engine, const CreateOptions& options, const spec::ImageDefaults& image, ContainerSpec& spec) {
  const FoldInput in{options, *TRY(engine.Conf()), image, TRY(MountsFrom(engine, options.volumes_from))};
  TRY(FoldProcess(in, spec));
  TRY(FoldPorts(in, spec));
  TRY(FoldEnv(in, spec));
  TRY(FoldMounts(in, spec));
  TRY(ResolveMounts(engine, options, spec));
  TRY(FoldSecrets(engine, options, spec));
  TRY(FoldSecurity(in, spec));
  TRY(FoldLimits(in, spec));
  TRY(FoldAccounts(in, spec));
  TRY(FoldDependencies(engine, options.required, spec));
  return FoldLifecycle(in, spec);
}

Status MakeFolders(const ContainerSpec& spec, const ContainerFiles& files) {
  for (const std::string& folder : {files.Upper(), files.Work()})
    TRY(sys::MakeDirs(folder, folder == files.Upper() ? 0755 : 0700));
  // What works on a container that has no overlay finds the folder by this name.
  if (!spec.rootfs.empty() && !spec.rootfs_overlay && ::symlink(spec.rootfs.c_str(), files.Rootfs().c_str()) < 0)
    return Error::Sys(errno, "link", files.Rootfs());
  // The upper folder's own attributes are those of "/": the image's top layer decides.
  if (spec.layers.empty()) return Ok();
  struct stat st {};
  if (::stat(spec.layers[0].c_str(), &st) < 0)
    return Error::Sys(errno, "layer", spec.layers[0]).Hint("the image is damaged: pull it again");
  if (::chmod(files.Upper().c_str(), st.st_mode & 07777) < 0) return Error::Sys(errno, "chmod", files.Upper());
  return Ok();
}

Result<ContainerSpec> BeginSpec(Engine& engine, const CreateOptions& options, const std::string& id) {
  TRY(CheckOptions(options));
  ContainerSpec spec;
  spec.id = id.empty() ? RandomHexId() : id;
  spec.created = WallNanos();
  spec.tty = options.tty;
  spec.interactive = options.interactive;
  TRY(FoldUserns(engine, options, spec));
  TRY(FoldNetwork(engine, options, spec));
  TRY(FoldGroup(engine, options, spec));
  // Known to the others of its networks before it is made.
  if (spec.network_mode == "bridge") spec.name = !WantedName(options).empty() ? WantedName(options) : TRY(FreeName(*TRY(engine.Db()), spec.id));
  TRY(FoldLogDriver(options, *TRY(engine.Conf()), spec));
  return spec;
}

Result<NewContainer> BeginCreate(Engine& engine, const CreateOptions& options, ContainerSpec spec) {
  if (!options.fetch.authfile.empty()) TRY(config::FindCredentials(options.fetch.authfile, "", ""));
  const std::string wanted = WantedName(options);
  // Before the image is fetched: a name that is taken is known at once.
  state::Database& db = *TRY(engine.Db());
  if (!wanted.empty()) {
    const std::optional<state::Container> holder = TRY(db.FindContainerByName(wanted));
    if (holder && !options.replace) return NameInUse(wanted, holder->id);
    if (holder) TRY(RemoveContainer(engine, holder->id, {true, true}));
  }
  TRY(Fold(engine, options, spec));
  if (spec.name.empty()) spec.name = wanted.empty() ? TRY(FreeName(db, spec.id)) : wanted;
  const ContainerFiles files = TRY(FilesOf(engine, spec.id));
  if (spec.log_path.empty() && spec.log_driver == "k8s-file") spec.log_path = files.Log();

  std::vector<std::string> volumes;
  const auto make = [&]() -> Result<NewContainer> {
    TRY(sys::MakeDirs(files.folder, 0700));
    sys::FileLock lock = TRY(sys::FileLock::Acquire(files.Lock(), sys::FileLock::Mode::kExclusive));
    TRY(MakeFolders(spec, files));
    TRY(KeepSecrets(engine, spec, files));
    volumes = TRY(MakeVolumes(engine, spec));
    TRY(NoteDependencies(engine, spec));
    return NewContainer{std::move(spec), {}, std::move(lock), wanted.empty(), false, volumes};
  };
  Result<NewContainer> made = make();
  if (!made.ok()) return Undo(engine, spec, files, volumes, std::move(made).error());
  return made;
}

Status CommitCreate(Engine& engine, NewContainer& container, state::ContainerState as) {
  state::Database& db = *TRY(engine.Db());
  ContainerSpec& spec = container.spec;
  Status inserted = Insert(engine, container, as);
  while (!inserted.ok() && inserted.error().code() == Code::kAlreadyExists && container.random_name) {
    spec.name = TRY(FreeName(db, spec.id));
    inserted = Insert(engine, container, as);
  }
  TRY(std::move(inserted));
  container.recorded = true;
  return WriteIdFile(spec.cidfile, spec.id);
}

Error UndoCreate(Engine& engine, NewContainer container, Error error) {
  if (container.recorded) return error;
  const Result<ContainerFiles> files = FilesOf(engine, container.spec.id);
  if (!files.ok()) return error;
  // The monitor has a copy of our lock: it is free when both are gone.
  { const sys::FileLock released = std::move(container.lock); }
  const Result<sys::FileLock> ended = AwaitLock(*files);
  if (!ended.ok()) Debug(ended.error().Message());
  return Undo(engine, container.spec, *files, container.made_volumes, std::move(error));
}

Result<std::string> Create(Engine& engine, const CreateOptions& options) {
  NewContainer container = TRY(BeginCreate(engine, options, TRY(BeginSpec(engine, options))));
  Status committed = CommitCreate(engine, container, state::ContainerState::kCreated);
  if (!committed.ok()) return UndoCreate(engine, std::move(container), std::move(committed).error());
  TRY(engine.Db())->Sync();
  return container.spec.id;
}

}  // namespace ctool::engine
