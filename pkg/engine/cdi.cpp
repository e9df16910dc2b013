// SPDX-License-Identifier: Apache-2.0
#include "engine/cdi.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/mount_options_internal.hpp"
#include "runtime/plan.hpp"
#include "spec/image.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxFile = 4 << 20;  // a file for a host with many devices has some 100 KB

// One file: what it says of each device, and of all of them.
struct File {
  std::string path, kind;  // "nvidia.com/gpu"
  size_t priority = 0;     // its folder's place in the list
  Json devices, edits;
};

Error Wrong(const std::string& path, const std::string& what) { return Error(Code::kCorrupt, "CDI specification '" + path + "': " + what); }

// The other program knows YAML.
Result<std::string> YamlToJson(Engine& engine, const std::string& path) {
  sys::SpawnOptions options;
  options.argv = {TRY(engine.Program("ctool-images")), "yaml", path};
  const sys::Captured said = TRY(sys::RunCaptured(std::move(options)));
  if (said.status.ok()) return said.out;
  std::string why(Trim(said.err));
  if (StartsWith(why, "Error: ")) why.erase(0, 7);
  return Wrong(path, why);
}

Result<File> ReadCdi(Engine& engine, const std::string& path, size_t priority) {
  const bool yaml = !EndsWith(path, ".json");
  const std::string text = yaml ? TRY(YamlToJson(engine, path)) : TRY(sys::ReadFile(path, kMaxFile));
  const Json doc = Json::parse(text, nullptr, false);
  if (!doc.is_object()) return Wrong(path, "it is not a JSON object");
  const auto member = [&](const char* key) { return doc.contains(key) ? doc[key] : Json(); };
  if (!member("cdiVersion").is_string() || !member("kind").is_string()) return Wrong(path, "cdiVersion or kind is missing");
  File file{path, doc["kind"].get<std::string>(), priority, member("devices"), member("containerEdits")};
  if (!IsCdiName(file.kind + "=x")) return Wrong(path, "invalid kind " + Quote(file.kind));
  if (!file.devices.is_array()) return Wrong(path, "it has no devices");
  return file;
}

std::vector<std::string> Folders(const config::ContainersConf& conf) {
  return conf.cdi_spec_dirs.value_or(std::vector<std::string>{"/etc/cdi", "/var/run/cdi"});
}

// A file that can't be read is told, and is no reason to refuse the devices of the others.
Result<std::vector<File>> ReadAll(Engine& engine) {
  std::vector<File> files;
  const std::vector<std::string> folders = Folders(*TRY(engine.Conf()));
  for (size_t i = 0; i < folders.size(); ++i) {
    const Result<sys::Fd> dir = sys::Open(folders[i], O_RDONLY | O_DIRECTORY);
    if (!dir.ok()) continue;
    std::vector<std::string> names = TRY(sys::ListDir(dir->get(), folders[i]));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (!EndsWith(name, ".json") && !EndsWith(name, ".yaml") && !EndsWith(name, ".yml")) continue;
      Result<File> file = ReadCdi(engine, folders[i] + "/" + name, i);
      if (file.ok()) files.push_back(std::move(*file));
      else Warn(file.error().Message());
    }
  }
  return files;
}

std::string Text(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_string() ? it->get<std::string>() : "";
}

Json List(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_array() ? *it : Json::array();
}

class Editor {
 public:
  Editor(std::string device, spec::RuntimeSpec& spec) : device_(std::move(device)), spec_(spec) {}

  Status Apply(const Json& edits) {
    if (!edits.is_object()) return Ok();
    TRY(Refuse(edits));
    for (const Json& entry : List(edits, "env"))
      if (entry.is_string() && entry.get<std::string>().find('=') != std::string::npos) AddEnv(spec_.process.env, entry.get<std::string>());
    for (const Json& node : List(edits, "deviceNodes")) TRY(AddNode(node));
    for (const Json& mount : List(edits, "mounts")) TRY(AddMount(mount));
    for (const Json& gid : List(edits, "additionalGids"))
      if (gid.is_number_unsigned()) AddGroup(std::to_string(gid.get<uint32_t>()));
    return Ok();
  }

 private:
  Status Refuse(const Json& edits) const {
    std::string hooks;
    for (const Json& hook : List(edits, "hooks")) hooks += (hooks.empty() ? "" : ", ") + Text(hook, "hookName") + " " + Quote(Text(hook, "path"));
    if (!hooks.empty())
      return Error(Code::kUnsupported, "CDI device " + Printable(device_) + " wants hooks (" + hooks + "), programs of the host that would run on the container: they are not supported")
          .Hint("a specification without hooks can be made, as by nvidia-ctk cdi generate with its hooks disabled");
    for (const char* key : {"intelRdt", "netDevices"})
      if (edits.contains(key)) return Error(Code::kUnsupported, "CDI device " + Printable(device_) + " wants " + key + ", which needs root on the host");
    return Ok();
  }

  // A user namespace can't make nodes: the host's is bound.
  Status AddNode(const Json& node) {
    const std::string inside = TRY_CTX("CDI device " + Printable(device_), MountDestination(Text(node, "path")));
    const std::string host = Text(node, "hostPath").empty() ? inside : Text(node, "hostPath");
    struct stat st {};
    if (::stat(host.c_str(), &st) < 0) return Error::Sys(errno, "CDI device " + Printable(device_) + ": stat " + Printable(host)).As(Code::kInvalidArgument);
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) return Error(Code::kInvalidArgument, "CDI device " + Printable(device_) + ": " + Quote(host) + " is not a device node");
    Put({inside, "bind", host, {"bind", "rprivate", "nosuid", "noexec"}});
    return Ok();
  }

  Status AddMount(const Json& mount) {
    const std::string type = Text(mount, "type"), host = Text(mount, "hostPath");
    const std::string inside = TRY_CTX("CDI device " + Printable(device_), MountDestination(Text(mount, "containerPath")));
    spec::RuntimeMount out{inside, type == "tmpfs" ? "tmpfs" : "bind", type == "tmpfs" ? "tmpfs" : host, {"nosuid", "nodev"}};
    if (!type.empty() && type != "bind" && type != "none" && type != "tmpfs")
      return Error(Code::kUnsupported, "CDI device " + Printable(device_) + ": mounts of type " + Quote(type) + " are not supported");
    if (out.type == "bind") out.options.insert(out.options.end(), {"rbind", "rprivate"});
    for (const Json& option : List(mount, "options"))
      if (option.is_string() && !StartsWith(option.get<std::string>(), "x-ctool")) out.options.push_back(option.get<std::string>());
    TRY_CTX("CDI device " + Printable(device_), runtime::PlanMount(out));
    Put(std::move(out));
    return Ok();
  }

  // Several devices often want the same.
  void Put(spec::RuntimeMount mount) {
    const auto same = [&](const spec::RuntimeMount& m) { return m.destination == mount.destination; };
    if (std::none_of(spec_.mounts.begin(), spec_.mounts.end(), same)) spec_.mounts.push_back(std::move(mount));
  }

  void AddGroup(const std::string& gid) {
    std::string& groups = spec_.annotations[runtime::kGroupAddAnnotation];
    groups += (groups.empty() ? "" : " ") + gid;
  }

  const std::string device_;
  spec::RuntimeSpec& spec_;
};

// The last folder that knows the device decides. Two files of one folder must not both.
Result<const File*> FileOf(const std::vector<File>& files, const std::string& device, const Json** edits) {
  const size_t equals = device.find('=');
  const std::string kind = device.substr(0, equals), name = device.substr(equals + 1);
  const File* found = nullptr;
  for (const File& file : files) {
    if (file.kind != kind) continue;
    const auto it = std::find_if(file.devices.begin(), file.devices.end(), [&](const Json& d) { return d.is_object() && Text(d, "name") == name; });
    if (it == file.devices.end()) continue;
    if (found != nullptr && found->priority == file.priority)
      return Error(Code::kCorrupt, "CDI device " + Printable(device) + " is described twice: in '" + found->path + "' and in '" + file.path + "'");
    found = &file;
    *edits = &*it;
  }
  return found;
}

}  // namespace

bool IsCdiName(std::string_view text) {
  const size_t slash = text.find('/'), equals = text.find('=');
  if (slash == std::string_view::npos || equals == std::string_view::npos || slash == 0 || slash > equals || equals + 1 == text.size()) return false;
  const auto is_word = [](std::string_view word, std::string_view more) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
    });
  };
  return is_word(text.substr(0, slash), "_-.") && is_word(text.substr(slash + 1, equals - slash - 1), "_-") && is_word(text.substr(equals + 1), "_-.:");
}

Status ApplyCdi(Engine& engine, const std::vector<std::string>& devices, spec::RuntimeSpec& spec) {
  if (devices.empty()) return Ok();
  const std::vector<File> files = TRY(ReadAll(engine));
  std::vector<std::string> unknown;
  std::vector<const File*> used;
  for (const std::string& device : devices) {
    const Json* edits = nullptr;
    const File* file = TRY(FileOf(files, device, &edits));
    if (file == nullptr) {
      unknown.push_back(device);
      continue;
    }
    Editor editor(device, spec);
    // What a file says of all its devices is done once.
    if (std::find(used.begin(), used.end(), file) == used.end()) TRY(editor.Apply(file->edits));
    used.push_back(file);
    if (edits->contains("containerEdits")) TRY(editor.Apply((*edits)["containerEdits"]));
  }
  if (unknown.empty()) return Ok();
  return Error(Code::kNotFound, "setting up CDI devices: unresolvable CDI devices " + Join(unknown, ", "))
      .Hint("specifications are looked for in " + Join(Folders(*TRY(engine.Conf())), " and "));
}

}  // namespace ctool::engine
