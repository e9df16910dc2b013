// SPDX-License-Identifier: Apache-2.0
//
// The options of a volume: what it is made of.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/outcome.hpp"
#include "engine/volumes_internal.hpp"
#include "runtime/plan.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/mount.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsMountFlag(std::string_view option) {
  return IsOneOf(option, {"ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "noatime", "relatime", "strictatime",
                          "nodiratime", "defaults"});
}

Status AddOptions(const std::string& text, VolumeSource& source) {
  const bool tmpfs = source.kind == VolumeSource::Kind::kTmpfs;
  for (const std::string& option : Split(text, ',')) {
    const std::string key = ToLower(option.substr(0, option.find('=')));
    if (option.empty() || IsOneOf(option, {"bind", "rbind", "copy", "nocopy"}) || IsOneOf(key, {"noquota", "timeout"})) continue;
    if (key == "uid" || key == "gid") source.owned = true;
    const bool data = IsOneOf(key, {"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "inodes"});
    if (!data && !IsMountFlag(option)) return Invalid("invalid mount option " + Quote(option) + " for driver 'local'");
    if (tmpfs && key == "inodes") source.options.push_back("nr_" + option);
    else if (tmpfs || IsMountFlag(option)) source.options.push_back(option);
    else if (key == "size" || key == "inodes")
      return Error(Code::kUnsupported, "volume options size and inodes not supported. Filesystem does not support Project Quota")
          .Hint("a volume in memory has a size: -o type=tmpfs -o o=size=10m");
  }
  return Ok();
}

}  // namespace

std::map<std::string, std::string> StringMap(const std::string& json) {
  std::map<std::string, std::string> map;
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return map;
  for (const auto& [key, value] : parsed.items())
    if (value.is_string()) map[key] = value.get<std::string>();
  return map;
}

std::string CopiedMark(const std::string& volume_path) { return volume_path.substr(0, volume_path.rfind('/')) + "/copied"; }

Result<VolumeSource> ParseVolumeSource(const std::map<std::string, std::string>& options) {
  const auto value = [&](const char* key) {
    const auto it = options.find(key);
    return it == options.end() ? std::string() : it->second;
  };
  const std::string type = ToLower(value("type")), device = value("device"), o = value("o");
  const std::vector<std::string> words = Split(o, ',');
  const bool binds = std::any_of(words.begin(), words.end(), [](const std::string& w) { return w == "bind" || w == "rbind"; });
  VolumeSource source;
  source.owned = options.count("UID") > 0 || options.count("GID") > 0;
  if (type == "tmpfs") {
    source.kind = VolumeSource::Kind::kTmpfs;
  } else if (type == "bind" || (binds && (type.empty() || type == "none"))) {
    source.kind = VolumeSource::Kind::kBind;
    source.device = device;
    if (device.empty() || device[0] != '/') return Invalid("a volume of type bind needs an absolute path as its device: -o device=/folder");
  } else if (!type.empty() && type != "none") {
    return Error(Code::kUnsupported, "a volume of type " + Quote(type) + " cannot be mounted without root")
        .Hint("types bind and tmpfs can");
  } else if (!device.empty()) {
    return Error(Code::kUnsupported, "a volume on device " + Quote(device) + " cannot be mounted without root")
        .Hint("a folder can: -o type=bind -o device=/folder");
  }
  TRY(AddOptions(o, source));
  return source;
}

Status MountVolumeSource(const VolumeSource& source, const std::string& target) {
  if (source.kind == VolumeSource::Kind::kFolder) return Ok();
  spec::RuntimeMount mount{"/", "tmpfs", "tmpfs", source.options};
  if (source.kind == VolumeSource::Kind::kBind) mount = {"/", "bind", source.device, source.options};
  const runtime::MountPlan plan = TRY(runtime::PlanMount(mount));
  if (source.kind == VolumeSource::Kind::kTmpfs) {
    sys::DetachedMount fresh = TRY(sys::DetachedMount::New("tmpfs", "tmpfs", plan.data, plan.attributes));
    return fresh.AttachAt(target);
  }
  sys::DetachedMount tree = TRY(sys::DetachedMount::Clone(AT_FDCWD, source.device, true));
  TRY(tree.SetAttributes(plan.attributes, MS_PRIVATE, true));
  return tree.AttachAt(target);
}

Status WithVolume(const VolumeSource& source, const std::string& path, const std::function<Status(int folder)>& work) {
  const sys::Fd memory = TRY(sys::MemoryFile("outcome"));
  const auto run = [&]() -> Result<std::string> {
    TRY(MountVolumeSource(source, path));
    const sys::Fd folder = TRY(sys::Open(path, O_RDONLY | O_DIRECTORY));
    TRY(work(folder.get()));
    return std::string();
  };
  const int code = TRY(userns::RunInside(TRY(userns::DefaultMap()), [&] {
    return sys::WriteAll(memory.get(), EncodeOutcome(run()), "outcome").ok() ? 0 : 1;
  }));
  // Nobody reads our output any more: the end that any program has then.
  if (code == 128 + SIGPIPE) ::raise(SIGPIPE);
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
  constexpr size_t kMost = 1 << 20;  // an error's text
  TRY(DecodeOutcome(TRY(sys::ReadAll(memory.get(), "outcome", kMost))));
  return Ok();
}

}  // namespace ctool::engine
