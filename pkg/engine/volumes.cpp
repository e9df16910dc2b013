// SPDX-License-Identifier: Apache-2.0
#include "engine/volumes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/containers.hpp"
#include "engine/fold_internal.hpp"
#include "engine/unused.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "engine/unshare.hpp"
#include "engine/volumes_internal.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

using Map = std::map<std::string, std::string>;

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

std::string Print(const Map& map) { return nlohmann::json(map).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

Result<Map> Labels(const std::vector<std::string>& texts) {
  Map labels;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || text.empty()) return Invalid("invalid label " + Quote(text) + ": it has no key");
    labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return labels;
}

// As podman keeps them: what "o" says of owner and size is there by itself too.
Status AddParts(const std::string& o, Map& options) {
  for (const std::string& option : Split(o, ',')) {
    const size_t equals = option.find('=');
    const std::string key = ToLower(option.substr(0, equals));
    const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (key == "size" || key == "inodes") options[key == "size" ? "SIZE" : "INODES"] = value;
    if (key != "uid" && key != "gid") continue;
    const std::string name = key == "uid" ? "UID" : "GID";
    const std::optional<uint64_t> id = ParseUint(value);
    if (!id || *id >= UINT32_MAX) return Invalid("cannot convert " + name + " " + Printable(value) + " to integer");
    options[name] = value;
  }
  return Ok();
}

Result<Map> Options(const CreateVolumeOptions& o) {
  Map options;
  for (const std::string& text : o.options) {
    const size_t equals = text.find('=');
    const std::string key = text.substr(0, equals), value = equals == std::string::npos ? "" : text.substr(equals + 1);
    const std::string lower = ToLower(key);
    constexpr std::string_view kKnown[] = {"o", "type", "device", "uid", "gid", "size", "inodes", "noquota", "copy", "nocopy"};
    if (std::find(std::begin(kKnown), std::end(kKnown), lower) == std::end(kKnown))
      return Invalid("invalid mount option " + Printable(key) + " for driver 'local': invalid argument");
    options[key] = value;
  }
  if (options.count("o") > 0) TRY(AddParts(options["o"], options));
  if (o.uid) options["UID"] = std::to_string(*o.uid);
  if (o.gid) options["GID"] = std::to_string(*o.gid);
  const VolumeSource source = TRY(ParseVolumeSource(options));
  struct stat st {};
  if (source.kind == VolumeSource::Kind::kBind && ::stat(source.device.c_str(), &st) < 0)
    return Error::Sys(errno, "invalid volume option device for driver 'local': stat " + Printable(source.device)).As(Code::kInvalidArgument);
  return options;
}

Status SetOwner(const std::string& path, const Map& options) {
  const auto id = [&](const char* key) {
    const auto it = options.find(key);
    return it == options.end() ? 0U : static_cast<uid_t>(ParseUint(it->second).value_or(0));
  };
  return GiveVolume(path, id("UID"), id("GID"));
}

// The folder of a record that is gone. Under the database's lock it is known that nobody makes it anew meanwhile.
Status DiscardIfUnknown(Engine& engine, const std::string& name) {
  state::Database& db = *TRY(engine.Db());
  const std::string path = TRY(engine.Store())->VolumePath(name);
  return db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    if (TRY(db.FindVolume(name))) return Ok();
    return TRY(engine.Store())->Discard(path.substr(0, path.rfind('/')));
  });
}

// The record first, and what has no record is rubbish. `name` is exact.
Status Delete(Engine& engine, const std::string& name) {
  state::Database& db = *TRY(engine.Db());
  if (!TRY(db.FindVolume(name))) return Error(Code::kNotFound, "no volume with name " + Quote(name) + " found: no such volume");
  Status removed = db.RemoveVolume(name);
  if (!removed.ok() && removed.error().code() == Code::kBusy) return Error(Code::kBusy, removed.error().text() + ": volume is being used");
  TRY(std::move(removed));
  TRY(DiscardIfUnknown(engine, name));
  TellVolume(engine, "remove", name);
  return Ok();
}

// Folders without a record.
void SweepVolumes(Engine& engine) {
  const auto sweep = [&]() -> Status {
    state::Database& db = *TRY(engine.Db());
    const std::string folder = TRY(engine.Store())->root() + "/volumes";
    const Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY);
    if (!dir.ok()) return Ok();
    for (const std::string& name : TRY(sys::ListDir(dir->get(), folder)))
      if (CheckName(name).ok() && !TRY(db.FindVolume(name))) TRY(DiscardIfUnknown(engine, name));
    return Ok();
  };
  const Status swept = sweep();
  if (!swept.ok()) Debug(swept.error().Message());
}

Caller EmptyingCaller() { return IsUnshared() ? Caller::kInsideUserNamespace : Caller::kOutside; }

Result<int64_t> RunningUsers(Engine& engine, const std::string& name) {
  int64_t running = 0;
  for (const std::string& id : TRY(TRY(engine.Db())->VolumeUsers(name)))
    if (TRY(FindProcess(engine, id))) ++running;
  return running;
}

}  // namespace

// Only root of the user namespace may give files away.
Status GiveVolume(const std::string& path, uid_t uid, gid_t gid) {
  if (uid == 0 && gid == 0) return Ok();
  const userns::IdMap map = TRY(userns::DefaultMap());
  if (!userns::MapsInside(map.uids, uid) || !userns::MapsInside(map.gids, gid))
    return Error(Code::kUnsupported, "owner " + std::to_string(uid) + ":" + std::to_string(gid) + " is not mapped in the user namespace of containers")
        .Hint("your ranges in /etc/subuid and /etc/subgid decide about that; see: ctool doctor");
  const int failed = TRY(userns::RunInside(map, [&] { return ::chown(path.c_str(), uid, gid) < 0 ? errno : 0; }));
  return failed == 0 ? Ok() : Status(Error::Sys(failed, "chown", path));
}

Status InsertVolume(Engine& engine, const state::Volume& volume) {
  state::Database& db = *TRY(engine.Db());
  const storage::Store& store = *TRY(engine.Store());
  const std::string data = store.VolumePath(volume.name);
  const std::string folder = data.substr(0, data.rfind('/'));
  TRY(db.PutVolume(volume));
  if (sys::Exists(folder)) TRY(store.Discard(folder));
  TRY(sys::MakeDirs(folder, 0700));
  return sys::MakeDirs(data, 0755);
}

Result<std::string> CreateVolume(Engine& engine, const CreateVolumeOptions& o) {
  if (!o.driver.empty() && o.driver != "local")
    return Error(Code::kUnsupported, "no volume plugin with name " + Printable(o.driver) + " available: required plugin missing");
  if (!o.name.empty()) TRY_CTX("running volume create option", CheckName(o.name));
  for (const std::optional<int64_t>& id : {o.uid, o.gid})
    if (id && (*id < 0 || *id >= UINT32_MAX)) return Invalid("invalid owner " + std::to_string(*id));
  const Map options = TRY(Options(o));
  state::Volume volume;
  volume.name = o.name.empty() ? RandomHexId() : o.name;
  volume.driver = "local";
  volume.labels = Print(TRY(Labels(o.labels)));
  volume.options = Print(options);
  volume.created = WallNanos();
  state::Database& db = *TRY(engine.Db());
  Status made = db.Transaction(state::Database::Commit::kDurable, [&] { return InsertVolume(engine, volume); });
  if (!made.ok() && made.error().code() == Code::kAlreadyExists) {
    if (o.ignore) return volume.name;
    return Error(Code::kAlreadyExists, made.error().text() + ": volume already exists");
  }
  TRY(std::move(made));
  Status owned = SetOwner(TRY(engine.Store())->VolumePath(volume.name), options);
  if (!owned.ok()) {
    const Status removed = Delete(engine, volume.name);
    if (!removed.ok()) Debug(removed.error().Message());
    return std::move(owned).error();
  }
  TellVolume(engine, "create", volume.name);
  return volume.name;
}

Result<state::Volume> LookUpVolume(Engine& engine, const std::string& name) {
  state::Database& db = *TRY(engine.Db());
  if (std::optional<state::Volume> exact = TRY(db.FindVolume(name))) return std::move(*exact);
  std::optional<state::Volume> found;
  if (!name.empty())
    for (state::Volume& volume : TRY(db.ListVolumes())) {
      if (!StartsWith(volume.name, name)) continue;
      if (found) return Error(Code::kAlreadyExists, "more than one result for volume name " + Quote(name) + ": volume already exists");
      found = std::move(volume);
    }
  if (!found) return Error(Code::kNotFound, "no volume with name " + Quote(name) + " found: no such volume");
  return std::move(*found);
}

namespace {

Result<VolumeInfo> Describe(Engine& engine, state::Volume record) {
  VolumeInfo info;
  info.labels = StringMap(record.labels);
  info.options = StringMap(record.options);
  info.mountpoint = TRY(engine.Store())->VolumePath(record.name);
  const auto id = [&](const char* key) {
    const auto it = info.options.find(key);
    return it == info.options.end() ? 0 : static_cast<int64_t>(ParseUint(it->second).value_or(0));
  };
  info.uid = id("UID");
  info.gid = id("GID");
  info.mounts = TRY(RunningUsers(engine, record.name));
  const Result<VolumeSource> source = ParseVolumeSource(info.options);
  info.needs_copy_up = record.needs_copy_up && !sys::Exists(CopiedMark(info.mountpoint));
  info.needs_chown = info.needs_copy_up && source.ok() && !source->owned;
  info.record = std::move(record);
  return info;
}

}  // namespace

Result<VolumeInfo> FindVolume(Engine& engine, const std::string& name) { return Describe(engine, TRY(LookUpVolume(engine, name))); }

Result<bool> VolumeExists(Engine& engine, const std::string& name) {
  return TRY(TRY(engine.Db())->FindVolume(name)).has_value();
}

Result<std::vector<VolumeInfo>> ListVolumes(Engine& engine, const std::vector<std::string>& filters) {
  const VolumeFilter filter = TRY(VolumeFilter::Parse(engine, filters));
  std::vector<VolumeInfo> list;
  for (state::Volume& volume : TRY(TRY(engine.Db())->ListVolumes()))
    if (TRY(filter.Matches(engine, volume))) list.push_back(TRY(Describe(engine, std::move(volume))));
  return list;
}

Status RemoveVolume(Engine& engine, const std::string& name, const RemoveVolumeOptions& options) {
  const Result<state::Volume> found = LookUpVolume(engine, name);
  if (!found.ok() && found.error().code() == Code::kNotFound && options.force) return Ok();
  if (!found.ok()) return found.error();
  if (options.force)
    for (const std::string& id : TRY(TRY(engine.Db())->VolumeUsers(found->name))) {
      Status removed = RemoveContainer(engine, id, {.force = true, .time = options.time});
      if (!removed.ok() && removed.error().code() != Code::kNotFound) return removed;
    }
  Status deleted = Delete(engine, found->name);
  // An anonymous one has gone with its container.
  if (!deleted.ok() && deleted.error().code() == Code::kNotFound && options.force) deleted = Ok();
  EmptyTrashInBackground(*TRY(engine.Store()), EmptyingCaller());
  return deleted;
}

Result<std::vector<PrunedVolume>> PruneVolumes(Engine& engine, const PruneVolumesOptions& options) {
  for (const std::string& text : options.filters) {
    const std::string key = text.substr(0, text.find('='));
    constexpr std::string_view kKeys[] = {"label", "label!", "until", "since", "after", "anonymous", "name", "driver", "opt", "all"};
    if (text.find('=') != std::string::npos && std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys))
      return Invalid(Quote(key) + " is an invalid volume filter");
  }
  std::vector<std::string> filters = options.filters;
  const auto asks_all = std::find_if(filters.begin(), filters.end(), [](const std::string& f) { return StartsWith(f, "all="); });
  const bool all = options.all || (asks_all != filters.end() && *asks_all == "all=true");
  if (asks_all != filters.end()) filters.erase(asks_all);
  filters.emplace_back("dangling=true");
  if (!all) filters.emplace_back("anonymous=true");
  const VolumeFilter filter = TRY(VolumeFilter::Parse(engine, filters));
  std::vector<PrunedVolume> pruned;
  for (const state::Volume& volume : TRY(TRY(engine.Db())->ListVolumes())) {
    if (!TRY(filter.Matches(engine, volume))) continue;
    const Result<std::vector<int64_t>> size = TreeSizes({TRY(engine.Store())->VolumePath(volume.name)});
    const Status removed = options.dry_run ? Ok() : Delete(engine, volume.name);
    // Gone, or used, since it was listed.
    if (!removed.ok() && removed.error().code() != Code::kNotFound && removed.error().code() != Code::kBusy) return removed.error();
    if (removed.ok()) pruned.push_back({volume.name, size.ok() ? size->front() : 0});
  }
  if (!options.dry_run) {
    SweepVolumes(engine);
    EmptyTrashInBackground(*TRY(engine.Store()), EmptyingCaller());
  }
  return pruned;
}

}  // namespace ctool::engine
