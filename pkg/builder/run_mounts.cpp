// SPDX-License-Identifier: Apache-2.0
#include "builder/run_mounts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "build/ignore.hpp"
#include "builder/key.hpp"
#include "builder/origin_image.hpp"
#include "builder/overlay.hpp"
#include "engine/copy_tree.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

using build::Mount;
using build::MountType;

// Everything of a folder of the host is mounted without set-id programs and devices.
const std::vector<std::string> kBind = {"rbind", "rprivate", "nosuid", "nodev"};

std::string OwnerOption(const Mount& mount, uint32_t mode) {
  return "x-ctool-owner=" + std::to_string(mount.uid.value_or(0)) + ":" + std::to_string(mount.gid.value_or(0)) + ":" + std::to_string(mount.mode.value_or(mode));
}

Error NoTarget(const char* type) { return Error(Code::kInvalidArgument, std::string("--mount=type=") + type + " requires a target"); }

// A name that is a file's, whatever the id is.
std::string CacheName(const std::string& id) { return Key("cache").Add(id).Finish(); }

// A folder of a cache mount and the right to use it. Of one that is private another is taken while it is in use; others are
// waited for.
Result<RunMounts::CacheFolder> TakeCache(const Session& session, const std::string& folder, build::MountSharing sharing) {
  constexpr int kMostAtOnce = 1000, kLookMicros = 20'000;
  const bool own = sharing == build::MountSharing::kPrivate;
  const auto mode = sharing == build::MountSharing::kShared ? sys::FileLock::Mode::kShared : sys::FileLock::Mode::kExclusive;
  for (int i = 0; i < kMostAtOnce;) {
    const std::string path = i == 0 ? folder : folder + "." + std::to_string(i);
    TRY(sys::MakeDirs(path, 0700));
    Result<sys::FileLock> lock = sys::FileLock::TryAcquire(path + "/lock", mode);
    if (lock.ok()) return RunMounts::CacheFolder{path, std::move(*lock), !sys::Exists(path + "/data")};
    if (lock.error().code() != Code::kBusy) return std::move(lock).error();
    if (own) {
      ++i;
      continue;
    }
    TRY(session.GoOn());
    ::usleep(kLookMicros);
  }
  return Error(Code::kBusy, "cache mount: a thousand builds use it at once");
}

}  // namespace

std::string RunMounts::Target(const Mount& mount, const std::string& fallback) const {
  const std::string& path = mount.target.empty() ? fallback : mount.target;
  return build::CleanPath(StartsWith(path, "/") ? path : working_dir_ + "/" + path);
}

Status RunMounts::FindOrigin(size_t stage, One& one, const std::string& source) {
  Key key("mount");
  key.Add(std::to_string(static_cast<int>(one.mount.type))).Add(one.mount.target).Add(source).Add(one.mount.read_only ? "ro" : "rw");
  if (one.mount.from.empty()) {
    one.tree = stages_->session.context;
    if (one.tree == nullptr) return Error(Code::kInvalidArgument, "--mount=type=bind needs a build context, and there is none");
  } else {
    const Origin origin = stages_->graph.Find(stages_->file, stages_->given, stage, one.mount.from);
    if (origin.kind == Origin::Kind::kContext) {
      one.tree = stages_->contexts.at(origin.name).get();
    } else if (origin.kind == Origin::Kind::kStage) {
      one.stage = TRY(stages_->Await(origin.stage));
      key.Add(one.stage->fs_key);
    } else {
      ImageFiles files = TRY(FilesOfImage(stages_->session, origin.name, ""));
      key.Add(files.key);
      one.folders = std::move(files.folders);
    }
  }
  if (one.tree != nullptr) {
    const std::vector<SourceItem> items = TRY(FindItems(*one.tree, source, false));
    const build::IgnoreList none;
    for (const SourceItem& item : items) {
      const ItemContent content = TRY(ReadItem(*one.tree, item, none));
      key.Add(content.digest);
    }
  }
  keys_.push_back(key.Finish());
  return Ok();
}

Status RunMounts::FindOne(size_t stage, Mount mount) {
  One one;
  one.mount = std::move(mount);
  const Mount& m = one.mount;
  if (m.type == MountType::kBind) {
    if (m.target.empty()) return NoTarget("bind");
    TRY(FindOrigin(stage, one, m.source));
  } else if (m.type == MountType::kCache) {
    if (m.target.empty()) return NoTarget("cache");
    // What is in a cache decides about nothing: only where it is.
    keys_.push_back(Key("cache").Add(m.target).Add(m.id).Finish());
    if (!m.from.empty()) TRY(FindOrigin(stage, one, m.source));
  } else if (m.type == MountType::kTmpfs) {
    if (m.target.empty()) return NoTarget("tmpfs");
    keys_.push_back(Key("tmpfs").Add(m.target).Finish());
  } else if (m.type == MountType::kSecret) {
    // A secret's value is no part of the key: a new password does not change what was built with the old one.
    keys_.push_back(Key("secret").Add(m.id).Add(m.target).Add(m.environment).Finish());
  } else {
    keys_.push_back(Key("ssh").Add(m.id).Add(m.target).Finish());
  }
  all_.push_back(std::move(one));
  return Ok();
}

Result<RunMounts> RunMounts::Find(Stages& stages, size_t stage, const build::Run& run, const std::string& working_dir, const build::TextExpander& expand) {
  RunMounts mounts(stages, working_dir.empty() ? "/" : working_dir);
  for (const build::RunMount& mount : run.mounts) {
    Mount parsed = TRY(build::ParseMount(mount.text, expand));
    TRY(mounts.FindOne(stage, std::move(parsed)));
  }
  return mounts;
}

Status RunMounts::PrepareBind(const One& one, const WorkFolder& folder, size_t index) {
  engine::ContainerMount mount;
  mount.destination = Target(one.mount, "");
  mount.subpath = build::CleanPath("/" + one.mount.source).substr(1);
  if (one.tree == nullptr) {
    mount.type = "image";
    mount.layers = one.folders;
    mount.options = {one.mount.read_only ? "ro" : "rw", "nosuid", "nodev"};
    if (one.stage != nullptr) of_stages_.emplace_back(mounts_.size(), one.stage);
    mounts_.push_back(std::move(mount));
    return Ok();
  }
  mount.type = "bind";
  mount.options = kBind;
  if (one.tree->ignored.empty()) {
    mount.source = one.tree->shown;
  } else {
    // What is ignored is not there: a copy of the rest is mounted.
    mount.source = folder.path() + "/context." + std::to_string(index);
    TRY(sys::MakeDirs(mount.source, 0755));
    const SourceItem all{"", "", true};
    const build::IgnoreList none;
    const ItemContent content = TRY(ReadItem(*one.tree, all, none));
    engine::CopyTreeOptions options;
    options.skip = [&content](const std::string& path) { return content.wanted.count(path) == 0; };
    options.any_owner = true;
    engine::TreeCopier copier(options);
    sys::Fd from = TRY(one.tree->root.Open("/", O_RDONLY | O_DIRECTORY));
    sys::Fd to = TRY(sys::Open(mount.source, O_RDONLY | O_DIRECTORY));
    TRY(copier.CopyContents(std::move(from), std::move(to)));
  }
  // Writes of a step into its context are for the step alone.
  mount.options.emplace_back(one.mount.read_only ? "ro" : "O");
  mounts_.push_back(std::move(mount));
  return Ok();
}

// In the order of their names: two steps that take the same ones in another order would wait for each other for ever.
Status RunMounts::TakeCaches() {
  std::map<std::string, build::MountSharing> wanted;
  for (const One& one : all_) {
    if (one.mount.type != MountType::kCache) continue;
    const auto [found, fresh] = wanted.emplace(FolderOf(one.mount), one.mount.sharing);
    if (!fresh && one.mount.sharing == build::MountSharing::kLocked) found->second = one.mount.sharing;
  }
  for (const auto& [folder, sharing] : wanted) {
    CacheFolder cache = TRY(TakeCache(stages_->session, folder, sharing));
    caches_.emplace(folder, std::move(cache));
  }
  return Ok();
}

std::string RunMounts::FolderOf(const Mount& m) const {
  return stages_->session.store.root() + "/cache/build/mounts/" + CacheName(m.id.empty() ? Target(m, "") : m.id);
}

Status RunMounts::PrepareCache(const One& one) {
  const Mount& m = one.mount;
  CacheFolder& cache = caches_.at(FolderOf(m));
  const std::string data = cache.path + "/data";
  if (std::exchange(cache.fresh, false)) TRY(FillCache(one, cache.path));
  engine::ContainerMount mount;
  mount.type = "bind";
  mount.source = data;
  mount.destination = Target(m, "");
  mount.options = kBind;
  if (m.read_only) mount.options.emplace_back("ro");
  mounts_.push_back(std::move(mount));
  return Ok();
}

// A new cache is there when it is whole: half of what it is to begin with would stay for ever.
Status RunMounts::FillCache(const One& one, const std::string& folder) const {
  const Mount& m = one.mount;
  // Of those who share it one begins.
  const sys::FileLock filling = TRY(sys::FileLock::Acquire(folder + "/filling", sys::FileLock::Mode::kExclusive));
  if (sys::Exists(folder + "/data")) return Ok();
  const std::string part = folder + "/data.part";
  TRY(sys::RemoveTree(part));
  TRY(sys::MakeDirs(part, 0755));
  if (one.IsOfLayers()) {
    const WorkFolder view = TRY(WorkFolder::Make(stages_->session.store));
    std::shared_lock lock(stages_->session.paths);
    const MountedOverlay mounted = TRY(MountedOverlay::View(view, one.Folders()));
    lock.unlock();
    engine::CopyTreeOptions options;
    options.any_owner = true;
    engine::TreeCopier copier(options);
    sys::Fd from = TRY(mounted.root().Open("/" + m.source, O_RDONLY | O_DIRECTORY));
    sys::Fd to = TRY(sys::Open(part, O_RDONLY | O_DIRECTORY));
    TRY(copier.CopyContents(std::move(from), std::move(to)));
  } else if (::chown(part.c_str(), m.uid.value_or(0), m.gid.value_or(0)) < 0 && !stages_->session.map.single_id) {
    return Error::Sys(errno, "chown", part);
  } else if (::chmod(part.c_str(), m.mode.value_or(0755)) < 0) {
    return Error::Sys(errno, "chmod", part);
  }
  return ::rename(part.c_str(), (folder + "/data").c_str()) < 0 ? Status(Error::Sys(errno, "rename", part)) : Ok();
}

Status RunMounts::PrepareTmpfs(const One& one) {
  engine::ContainerMount mount;
  mount.type = "tmpfs";
  mount.destination = Target(one.mount, "");
  mount.options = {"rprivate", "nosuid", "nodev"};
  if (one.mount.read_only) mount.options.emplace_back("ro");
  if (one.mount.size_bytes) mount.options.push_back("size=" + std::to_string(*one.mount.size_bytes));
  mounts_.push_back(std::move(mount));
  return Ok();
}

Status RunMounts::PrepareSecret(const One& one, const std::string& bundle, size_t index) {
  const Mount& m = one.mount;
  const std::string id = !m.id.empty() ? m.id : m.target.substr(m.target.rfind('/') + 1);
  const std::string* value = stages_->session.secrets.Find(id);
  if (value == nullptr) {
    if (!m.required) return Ok();
    return Error(Code::kNotFound, "secret required but no secret with id " + Quote(id) + " was given").Hint("--secret id=" + id + ",src=FILE");
  }
  if (!m.environment.empty()) {
    if (value->find('\0') != std::string::npos) return Error(Code::kInvalidArgument, "secret " + id + " holds a zero byte, which a variable can't");
    env_.push_back(m.environment + "=" + *value);
    if (m.target.empty()) return Ok();
  }
  // In memory, and for the time of the step.
  constexpr uint32_t kDefaultMode = 0400;
  const std::string file = bundle + "/secret." + std::to_string(index);
  TRY(sys::MakeDirs(bundle, 0700));
  TRY(sys::WriteFileAtomic(file, *value, 0600, sys::Durability::kNone));
  engine::ContainerMount mount;
  mount.type = "bind";
  mount.source = file;
  mount.destination = Target(m, "/run/secrets/" + id);
  mount.options = {"bind", "rprivate", "ro", "nosuid", "nodev", "noexec", OwnerOption(m, kDefaultMode)};
  mounts_.push_back(std::move(mount));
  return Ok();
}

Status RunMounts::PrepareSsh(const One& one, size_t index) {
  const Mount& m = one.mount;
  const std::string id = m.id.empty() ? "default" : m.id;
  const std::string* socket = stages_->session.secrets.FindSocket(id);
  if (socket == nullptr) {
    if (!m.required) return Ok();
    return Error(Code::kNotFound, "no SSH agent with id " + Quote(id) + " was given").Hint("--ssh " + id);
  }
  engine::ContainerMount mount;
  mount.type = "bind";
  mount.source = *socket;
  mount.destination = Target(m, "/run/buildkit/ssh_agent." + std::to_string(index));
  mount.options = {"bind", "rprivate", "nosuid", "nodev"};
  env_.push_back("SSH_AUTH_SOCK=" + mount.destination);
  mounts_.push_back(std::move(mount));
  return Ok();
}

Status RunMounts::Prepare(const WorkFolder& folder, const std::string& bundle) {
  TRY(TakeCaches());
  size_t agents = 0;
  for (size_t i = 0; i < all_.size(); ++i) {
    const One& one = all_[i];
    switch (one.mount.type) {
      case MountType::kBind: TRY(PrepareBind(one, folder, i)); break;
      case MountType::kCache: TRY(PrepareCache(one)); break;
      case MountType::kTmpfs: TRY(PrepareTmpfs(one)); break;
      case MountType::kSecret: TRY(PrepareSecret(one, bundle, i)); break;
      case MountType::kSsh: TRY(PrepareSsh(one, agents++)); break;
    }
  }
  return Ok();
}

std::vector<engine::ContainerMount> RunMounts::Mounts() const {
  std::vector<engine::ContainerMount> mounts = mounts_;
  for (const auto& [index, stage] : of_stages_) mounts[index].layers = stage->fs.Folders();
  return mounts;
}

std::vector<std::string> RunMounts::Points() const {
  std::vector<std::string> points;
  for (const engine::ContainerMount& mount : mounts_) points.push_back(mount.destination);
  return points;
}

}  // namespace ctool::builder
