// SPDX-License-Identifier: Apache-2.0
//
// --mount type=TYPE,key=value,...
#include <glob.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "engine/mount_options_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

struct Keys {
  std::string text, type = "volume", source, destination, subpath;
  std::vector<std::string> options;  // as -v has them
  std::vector<std::string> data;     // of a file system of its own: "size=1m"
};

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Result<bool> Boolean(const std::string& field, const std::string& value) {
  if (IsOneOf(value, {"true", "1", ""})) return true;
  if (IsOneOf(value, {"false", "0"})) return false;
  return Invalid(Quote(field) + ": invalid mount option: true or false is wanted");
}

// Keys that say where; false: another one.
bool AddPlace(const std::string& key, const std::string& value, Keys& keys) {
  if (key == "type") keys.type = value;
  else if (IsOneOf(key, {"source", "src"})) keys.source = value;
  else if (IsOneOf(key, {"target", "dst", "destination"})) keys.destination = value;
  else if (IsOneOf(key, {"subpath", "volume-subpath", "image-subpath"})) keys.subpath = value;
  else return false;
  return true;
}

// Keys that are options of -v by other names, some with a value.
Result<bool> AddOption(const std::string& field, const std::string& key, const std::string& value, bool has_value, Keys& keys) {
  const auto choose = [&](const char* yes, const char* no) -> Status {
    keys.options.emplace_back(TRY(Boolean(field, value)) ? yes : no);
    return Ok();
  };
  if (IsOneOf(key, {"readonly", "ro"})) TRY(choose("ro", "rw"));
  else if (IsOneOf(key, {"rw", "readwrite"})) TRY(choose("rw", "ro"));
  else if (key == "bind-nonrecursive") TRY(choose("bind", "rbind"));
  else if (IsOneOf(key, {"volume-nocopy", "nocopy"})) TRY(choose("nocopy", "copy"));
  else if (key == "copy") TRY(choose("copy", "nocopy"));
  else if (key == "bind-propagation") keys.options.push_back(value);
  else if (IsOneOf(key, {"u", "chown"})) {
    if (TRY(Boolean(field, value))) keys.options.emplace_back("U");
  } else if (key == "o" || key == "idmap" || IsOneOf(key, {"upperdir", "workdir"})) {
    keys.options.push_back(key == "o" ? "O" : has_value ? key + "=" + value : key);
  } else if (key == "relabel") {
    if (!IsOneOf(value, {"shared", "private"})) return Invalid("invalid mount option: relabel is shared or private");
  } else if (!IsOneOf(key, {"z", "consistency", "bind-recursive"})) {
    if (has_value || !IsMountFlag(key)) return false;
    keys.options.push_back(key);
  }
  return true;
}

// Keys of file systems of its own.
bool AddData(const std::string& key, const std::string& value, bool has_value, Keys& keys) {
  if (!has_value) {
    if (!IsOneOf(key, {"tmpcopyup", "notmpcopyup", "noatime"})) return false;
    keys.data.push_back(key);
    return true;
  }
  if (IsOneOf(key, {"tmpfs-size", "tmpfs-mode"})) keys.data.push_back(key.substr(6) + "=" + value);
  else if (IsOneOf(key, {"size", "mode", "uid", "gid", "max", "nr_inodes", "nr_blocks"})) keys.data.push_back(key + "=" + value);
  else return false;
  return true;
}

Result<Keys> Parse(const std::string& text) {
  Keys keys;
  keys.text = text;
  for (const std::string& field : Split(text, ',')) {
    const size_t equals = field.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string key = ToLower(field.substr(0, equals)), value = has_value ? field.substr(equals + 1) : "";
    if (AddPlace(key, value, keys) || TRY(AddOption(field, key, value, has_value, keys)) || AddData(key, value, has_value, keys)) continue;
    return Invalid(Printable(field.substr(0, equals)) + ": invalid mount option");
  }
  return keys;
}

Status CheckKeys(const Keys& keys) {
  constexpr std::string_view kTypes[] = {"bind", "volume", "tmpfs", "ramfs", "image", "devpts", "glob"};
  if (std::find(std::begin(kTypes), std::end(kTypes), keys.type) == std::end(kTypes)) {
    if (keys.type == "artifact") return Error(Code::kUnsupported, "mount type \"artifact\" is not supported").Hint("ctool artifact extract writes its files to a folder");
    return Invalid("invalid filesystem type " + Quote(keys.type));
  }
  const bool memory = IsOneOf(keys.type, {"tmpfs", "ramfs", "devpts"});
  if (memory && !keys.source.empty()) return Invalid("source is not supported with " + keys.type + " mounts");
  if (!memory && !keys.data.empty()) return Invalid(Printable(keys.data.front()) + ": invalid mount option");
  if (!keys.subpath.empty() && !IsOneOf(keys.type, {"volume", "image"})) return Invalid("subpath: invalid mount option");
  if (keys.type == "image" && (keys.source.empty() || keys.destination.empty())) return Invalid("must set source and destination for image volume");
  if (keys.destination.empty() && keys.type != "glob") return Invalid("must set volume destination");
  return Ok();
}

Result<ContainerMount> FileSystem(const Keys& keys) {
  if (keys.type == "tmpfs" || keys.type == "ramfs") {
    std::vector<std::string> options = keys.data;
    options.insert(options.end(), keys.options.begin(), keys.options.end());
    ContainerMount m = TRY(MakeTmpfs(keys.destination, options));
    m.type = keys.type;
    return m;
  }
  ContainerMount m;
  m.type = keys.type;
  m.destination = TRY(MountDestination(keys.destination));
  for (const std::string& option : keys.data)
    if (!IsOneOf(option.substr(0, option.find('=')), {"uid", "gid", "mode", "max"})) return Invalid(Printable(option) + ": invalid mount option");
  m.options = {"nosuid", "noexec", "newinstance", "ptmxmode=0666"};
  m.options.insert(m.options.end(), keys.options.begin(), keys.options.end());
  m.options.insert(m.options.end(), keys.data.begin(), keys.data.end());
  return m;
}

Result<ContainerMount> Image(const Keys& keys) {
  ContainerMount m;
  m.type = "image";
  m.source = keys.source;
  m.subpath = keys.subpath;
  m.destination = TRY(MountDestination(keys.destination));
  for (const std::string& option : keys.options)
    if (!IsMountFlag(option)) return Invalid(Printable(option) + ": invalid mount option");
  m.options = keys.options;
  if (!HasOption(m, "rw") && !HasOption(m, "ro")) m.options.emplace_back("ro");
  return m;
}

Result<ContainerMount> BindOrVolume(const Keys& keys) {
  std::string source = keys.source;
  // podman takes the same path of the host.
  if (keys.type == "bind" && source.empty()) source = keys.destination;
  if (keys.type == "bind" && source[0] != '/' && source[0] != '.') source.insert(0, "./");
  const std::string inside = TRY(MountDestination(keys.destination));
  ContainerMount m = source.empty() ? AnonymousVolume(inside) : TRY(NamedOrHost(source, inside));
  if (m.type != keys.type) return Invalid("source " + Quote(source) + " does not fit mount type " + Quote(keys.type));
  if (m.anonymous) m.options.clear();
  m.subpath = keys.subpath;
  TRY(ParseBindOptions(keys.options, m));
  return m;
}

// Whatever matches on the host, each by its own name below the destination, or where it is on the host.
Result<std::vector<ContainerMount>> Glob(const Keys& keys) {
  if (keys.source.empty()) return Invalid("must set source for glob mount");
  glob_t found{};
  const int failed = ::glob(keys.source.c_str(), GLOB_NOSORT, nullptr, &found);
  const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&found, ::globfree);
  if (failed != 0 || found.gl_pathc == 0) return Invalid("no file paths matching glob " + Quote(keys.source));
  std::vector<ContainerMount> mounts;
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    Keys one = keys;
    one.type = "bind";
    one.source = found.gl_pathv[i];
    const std::string name = one.source.substr(one.source.rfind('/') + 1);
    one.destination = keys.destination.empty() ? TRY(HostPath(one.source)) : keys.destination + "/" + name;
    mounts.push_back(TRY(BindOrVolume(one)));
  }
  return mounts;
}

}  // namespace

Result<std::vector<ContainerMount>> ParseMountKeys(const std::string& text) {
  const Keys keys = TRY(Parse(text));
  TRY(CheckKeys(keys));
  if (keys.type == "glob") return Glob(keys);
  if (keys.type == "image") return std::vector<ContainerMount>{TRY(Image(keys))};
  const bool bound = keys.type == "bind" || keys.type == "volume";
  return std::vector<ContainerMount>{bound ? TRY(BindOrVolume(keys)) : TRY(FileSystem(keys))};
}

}  // namespace ctool::engine
