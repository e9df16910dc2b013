// SPDX-License-Identifier: Apache-2.0
//
// What the user mounts, as runtime-spec has it.
#include "engine/runtime_mounts_internal.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include "base/text.hpp"
#include "engine/mount_options_internal.hpp"
#include "engine/settle_internal.hpp"
#include "engine/volumes_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Options = std::vector<std::string>;

// Where what is written to an overlay goes, if nobody has said another place: for as long as the container runs.
std::string OverlayFolder(const ContainerFiles& files, size_t index) { return files.folder + "/overlays/" + std::to_string(index); }
std::string EmptyFolder(const ContainerFiles& files) { return files.folder + "/overlays/empty"; }

bool IsWritableImage(const ContainerMount& m) { return m.type == "image" && HasOption(m, "rw"); }
bool IsOverlay(const ContainerMount& m) { return HasOption(m, "O") || m.type == "image"; }

// The mount's own options, without what is said to us.
Options Plain(const ContainerMount& m) {
  Options options;
  for (const std::string& o : m.options)
    if (o != "copy" && o != "nocopy" && o != "U" && o != "O" && !StartsWith(o, "upperdir=") && !StartsWith(o, "workdir=")) options.push_back(o);
  return options;
}

Result<std::string> RealPath(const std::string& path) {
  std::array<char, PATH_MAX> real;
  if (::realpath(path.c_str(), real.data()) == nullptr) return Error::Sys(errno, "find", path).As(Code::kInvalidArgument);
  return std::string(real.data());
}

bool Holds(const std::string& folder, const std::string& path) {
  return path == folder || folder == "/" || StartsWith(path, folder + "/");
}

// What must never be given away: the user's home and what is above it, the system's folders, the store.
Status CheckGivable(const std::string& source, const std::string& store) {
  const std::string real = TRY(RealPath(source));
  const char* home = std::getenv("HOME");
  const Result<std::string> real_home = RealPath(home == nullptr ? "/" : home), real_store = RealPath(store);
  const bool taken = real == "/" || (real_home.ok() && Holds(real, *real_home)) ||
                     (real_store.ok() && (Holds(real, *real_store) || Holds(*real_store, real)));
  if (!taken) return Ok();
  return Error(Code::kInvalidArgument, "chowning host path " + Quote(real) + " is not allowed: it holds your home or the store, or is held by it");
}

// Init gives away what this is, and nothing that somebody has put in its place since.
Result<std::string> Identity(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) < 0) return Error::Sys(errno, "stat", path).As(Code::kInvalidArgument);
  return std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino);
}

class Translator {
 public:
  Translator(const ContainerFiles& files, std::string volumes) : files_(files), volumes_(std::move(volumes)) {}

  Result<spec::RuntimeMount> Translate(const ContainerMount& m, size_t index) const {
    if (m.type == "image") return Image(m, index);
    if (m.type == "volume") return Volume(m, index);
    if (m.type == "bind") return Bind(m, index, m.source, false);
    spec::RuntimeMount mount{m.destination, m.type, m.type, Plain(m)};
    if (HasOption(m, "U")) mount.options.emplace_back("x-ctool-chown=new");
    return mount;
  }

 private:
  Result<spec::RuntimeMount> Bind(const ContainerMount& m, size_t index, const std::string& source, bool ours) const {
    if (HasOption(m, "O")) return Overlay(m, index, {source});
    spec::RuntimeMount mount{m.destination, "bind", source, Plain(m)};
    if (!m.subpath.empty()) mount.options.push_back("x-ctool-subpath=" + m.subpath);
    if (!HasOption(m, "U")) return mount;
    if (!ours) TRY(CheckGivable(source, volumes_.substr(0, volumes_.rfind('/'))));
    mount.options.push_back("x-ctool-chown=" + TRY(Identity(source)));
    return mount;
  }

  Result<spec::RuntimeMount> Volume(const ContainerMount& m, size_t index) const {
    const VolumeSource source = TRY(ParseVolumeSource(m.volume_options));
    if (source.kind == VolumeSource::Kind::kTmpfs) return Memory(m, source);
    const std::string path = volumes_ + "/" + m.name + "/_data";
    const bool folder = source.kind == VolumeSource::Kind::kFolder;
    spec::RuntimeMount mount = TRY(Bind(m, index, folder ? path : source.device, folder));
    mount.options.insert(mount.options.end(), source.options.begin(), source.options.end());
    if (!folder || HasOption(m, "O") || !m.subpath.empty()) return mount;
    if (!source.owned) mount.options.emplace_back("x-ctool-own");
    if (HasOption(m, "nocopy")) return mount;
    mount.options.emplace_back("x-ctool-copyup");
    mount.options.push_back("x-ctool-mark=" + CopiedMark(path));
    return mount;
  }

  static spec::RuntimeMount Memory(const ContainerMount& m, const VolumeSource& source) {
    spec::RuntimeMount mount{m.destination, "tmpfs", "tmpfs", source.options};
    for (const std::string& option : Plain(m))
      if (option != "bind" && option != "rbind") mount.options.push_back(option);
    if (!HasOption(m, "nocopy")) mount.options.emplace_back("tmpcopyup");
    if (HasOption(m, "U")) mount.options.emplace_back("x-ctool-chown=new");
    return mount;
  }

  Result<spec::RuntimeMount> Image(const ContainerMount& m, size_t index) const {
    return Overlay(m, index, m.layers);
  }

  Result<spec::RuntimeMount> Overlay(const ContainerMount& m, size_t index, const Options& lower) const {
    spec::RuntimeMount mount{m.destination, "overlay", "overlay", {}};
    for (const std::string& folder : lower) mount.options.push_back("lowerdir+=" + folder);
    const std::string upper = OptionValue(m, "upperdir");
    const bool writable = HasOption(m, "O") || IsWritableImage(m);
    if (!upper.empty()) {
      mount.options.push_back("upperdir=" + TRY(HostPath(upper)));
      mount.options.push_back("workdir=" + TRY(HostPath(OptionValue(m, "workdir"))));
    } else if (writable) {
      mount.options.push_back("upperdir=" + OverlayFolder(files_, index) + "/upper");
      mount.options.push_back("workdir=" + OverlayFolder(files_, index) + "/work");
      mount.options.emplace_back("x-ctool-own");
    } else if (lower.size() < 2) {
      // The kernel makes no overlay of one folder: an empty one at the bottom changes nothing.
      mount.options.push_back("lowerdir+=" + EmptyFolder(files_));
    }
    mount.options.emplace_back("userxattr");
    if (!m.subpath.empty()) mount.options.push_back("x-ctool-subpath=" + m.subpath);
    if (HasOption(m, "U")) mount.options.emplace_back("x-ctool-chown=new");
    for (const std::string& option : Plain(m))
      if (option != "bind" && option != "rbind" && option != "rw") mount.options.push_back(option);
    return mount;
  }

  const ContainerFiles& files_;
  const std::string volumes_;
};

}  // namespace

Result<std::vector<spec::RuntimeMount>> UserMounts(const ContainerSpec& spec, const ContainerFiles& files, const std::string& volumes_dir) {
  const Translator translator(files, volumes_dir);
  std::vector<spec::RuntimeMount> mounts;
  mounts.reserve(spec.mounts.size());
  for (size_t i = 0; i < spec.mounts.size(); ++i) mounts.push_back(TRY(translator.Translate(spec.mounts[i], i)));
  return mounts;
}

Status PrepareOverlays(const ContainerSpec& spec, const ContainerFiles& files) {
  if (std::none_of(spec.mounts.begin(), spec.mounts.end(), IsOverlay)) return Ok();
  const std::string folder = files.folder + "/overlays";
  if (sys::Exists(folder)) TRY(DeleteTree(folder));
  TRY(sys::MakeDirs(EmptyFolder(files), 0755));
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const ContainerMount& m = spec.mounts[i];
    if (!IsOverlay(m) || !OptionValue(m, "upperdir").empty()) continue;
    TRY(sys::MakeDirs(OverlayFolder(files, i) + "/upper", 0755));
    TRY(sys::MakeDirs(OverlayFolder(files, i) + "/work", 0700));
  }
  return Ok();
}

}  // namespace ctool::engine
