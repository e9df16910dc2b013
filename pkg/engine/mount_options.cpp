// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_options_internal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

// Of each group a mount has one; as podman names them.
struct Group {
  std::vector<std::string_view> words;
  const char* text;
};
const std::vector<Group>& Groups() {
  static const std::vector<Group> kGroups = {
      {{"noexec", "exec"}, "'noexec' or 'exec' option"},
      {{"nodev", "dev"}, "'nodev' or 'dev' option"},
      {{"nosuid", "suid"}, "'nosuid' or 'suid' option"},
      {{"rw", "ro"}, "'rw' or 'ro' option"},
      {{"z", "Z", "O"}, "'z', 'Z', or 'O' option"},
      {{"U"}, "'U' option"},
      {{"private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"},
       "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option"},
      {{"bind", "rbind"}, "'[r]bind' option"},
      {{"copy", "nocopy"}, "'copy' or 'nocopy' option"}};
  return kGroups;
}

const Group* GroupOf(std::string_view word) {
  for (const Group& group : Groups())
    if (std::find(group.words.begin(), group.words.end(), word) != group.words.end()) return &group;
  return nullptr;
}

Status CheckOnce(const std::vector<std::string>& words) {
  for (const Group& group : Groups())
    if (std::count_if(words.begin(), words.end(), [&](const std::string& w) { return GroupOf(w) == &group; }) > 1)
      return Invalid("invalid options " + Quote(Join(words, ", ")) + ", can only specify 1 " + group.text);
  for (const char* key : {"upperdir", "workdir"})
    if (std::count_if(words.begin(), words.end(), [&](const std::string& w) { return StartsWith(w, std::string(key) + "="); }) > 1)
      return Invalid("invalid options " + Quote(Join(words, ", ")) + ", can only specify 1 " + key + " per overlay");
  return Ok();
}

Status CheckOverlay(const ContainerMount& m) {
  const std::string upper = OptionValue(m, "upperdir"), work = OptionValue(m, "workdir");
  if (!HasOption(m, "O")) {
    const std::string& stray = upper.empty() ? work : upper;
    if (stray.empty()) return Ok();
    return Invalid("options upperdir and workdir of " + Quote(m.destination) + " are for an overlay: add O");
  }
  if (upper.empty() != work.empty()) return Invalid("an overlay that keeps what is written needs both upperdir and workdir");
  for (const std::string& option : m.options)
    if (option != "O" && option != "U" && !StartsWith(option, "upperdir=") && !StartsWith(option, "workdir="))
      return Invalid("can't use 'O' with other options");
  return Ok();
}

bool IsIgnored(std::string_view option) {
  // Labels are SELinux's, whose are none here; the others are docker's for Macs.
  constexpr std::string_view kIgnored[] = {"", "z", "Z", "cached", "delegated", "consistent", "no-dereference"};
  return std::find(std::begin(kIgnored), std::end(kIgnored), option) != std::end(kIgnored);
}

Status CheckTmpfsOption(const std::string& option) {
  const size_t equals = option.find('=');
  const std::string key = option.substr(0, equals);
  const bool data = equals != std::string::npos && (key == "size" || key == "mode" || key == "uid" || key == "gid" || key == "nr_inodes" || key == "nr_blocks");
  const bool plain = IsMountFlag(option) || option == "noatime" || option == "relatime" || option == "strictatime" ||
                     option == "tmpcopyup" || option == "notmpcopyup" || option == "U" || option.empty();
  return data || plain ? Ok() : Status(Invalid("unknown mount option " + Quote(option) + ": invalid mount option"));
}

}  // namespace

Result<std::string> MountDestination(const std::string& path) {
  if (path.empty() || path[0] != '/')
    return Invalid("invalid container path " + Quote(path) + ", must be an absolute path");
  if (path.find_first_of(std::string_view("\0\n", 2)) != std::string::npos)
    return Invalid("invalid container path " + Quote(path));
  std::vector<std::string> parts;
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") parts.push_back(std::move(part));
    else if (!parts.empty()) parts.pop_back();
  }
  if (parts.empty()) return Invalid("invalid container path " + Quote(path) + ": the root can't be mounted over");
  const std::string clean = "/" + Join(parts, "/");
  // Which files below /proc may be covered, init knows.
  if (clean == "/proc" || clean == "/sys")
    return Error(Code::kNotExecutable, "the mount at " + Quote(clean) + " would hide the kernel's own");
  return clean;
}

Result<std::string> HostPath(const std::string& path) {
  std::string absolute = path;
  if (path[0] != '/') {
    std::array<char, PATH_MAX> cwd;
    if (::getcwd(cwd.data(), cwd.size()) == nullptr) return Error::Sys(errno, "getcwd");
    absolute = std::string(cwd.data()) + "/" + path;
  }
  struct stat st {};
  if (::stat(absolute.c_str(), &st) < 0) {
    const int err = errno;
    return Error::Sys(err, "statfs " + Printable(absolute)).As(Code::kInvalidArgument);
  }
  return absolute;
}

bool IsMountFlag(std::string_view option) {
  const Group* group = GroupOf(option);
  return group != nullptr && option != "z" && option != "Z" && option != "O" && option != "U" && option != "copy" && option != "nocopy";
}

bool HasOption(const ContainerMount& mount, std::string_view option) {
  return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

std::string OptionValue(const ContainerMount& mount, std::string_view key) {
  for (const std::string& option : mount.options)
    if (StartsWith(option, key) && option.size() > key.size() && option[key.size()] == '=') return option.substr(key.size() + 1);
  return "";
}

void AddBindDefaults(ContainerMount& m) {
  const auto has = [&](std::string_view word) {
    const Group* group = GroupOf(word);
    return std::any_of(m.options.begin(), m.options.end(), [&](const std::string& o) { return GroupOf(o) == group; });
  };
  for (const char* word : {"nosuid", "nodev", "rprivate", "rbind"})
    if (!has(word)) m.options.emplace_back(word);
}

Status ParseBindOptions(const std::vector<std::string>& words, ContainerMount& m) {
  TRY(CheckOnce(words));
  for (const std::string& option : words) {
    if (StartsWith(option, "idmap"))
      return Error(Code::kUnsupported, "volume option " + Quote(option) + " is not supported: only root of the host may mount with other ids")
          .Hint("U gives the files to the container's user; --userns=keep-id makes that user you");
    if (IsIgnored(option)) continue;
    const bool of_overlay = StartsWith(option, "upperdir=") || StartsWith(option, "workdir=");
    if (!of_overlay && GroupOf(option) == nullptr) return Invalid("invalid option type " + Quote(option));
    m.options.push_back(option);
  }
  TRY(CheckOverlay(m));
  AddBindDefaults(m);
  return Ok();
}

ContainerMount AnonymousVolume(std::string destination) {
  ContainerMount m;
  m.type = "volume";
  m.name = RandomHexId();
  m.destination = std::move(destination);
  m.anonymous = true;
  AddBindDefaults(m);
  return m;
}

Result<ContainerMount> NamedOrHost(const std::string& source, const std::string& destination) {
  ContainerMount m;
  m.destination = TRY(MountDestination(destination));
  if (source.empty()) return Invalid("the source of the volume at " + Quote(destination) + " is empty");
  if (source[0] == '/' || source[0] == '.') {
    m.type = "bind";
    m.source = TRY(HostPath(source));
  } else {
    TRY_CTX("volume", CheckName(source));
    m.type = "volume";
    m.name = source;
  }
  return m;
}

Result<ContainerMount> MakeTmpfs(const std::string& destination, const std::vector<std::string>& options) {
  ContainerMount m;
  m.type = "tmpfs";
  m.destination = TRY(MountDestination(destination));
  TRY(CheckOnce(options));
  bool copy_up = true;
  for (const std::string& option : options) {
    TRY(CheckTmpfsOption(option));
    if (option == "notmpcopyup") copy_up = false;
    else if (!option.empty() && option != "tmpcopyup" && option != "rbind" && option != "bind") m.options.push_back(option);
  }
  const auto has = [&](std::string_view word) {
    return std::any_of(m.options.begin(), m.options.end(), [&](const std::string& o) { return GroupOf(o) == GroupOf(word); });
  };
  for (const char* word : {"nosuid", "nodev"})
    if (!has(word)) m.options.emplace_back(word);
  if (copy_up) m.options.emplace_back("tmpcopyup");
  return m;
}

Status AddMount(ContainerMount mount, ContainerSpec& spec) {
  for (const ContainerMount& other : spec.mounts) {
    if (other.destination != mount.destination) continue;
    if (other.type == mount.type && other.source == mount.source && other.name == mount.name && other.options == mount.options && other.subpath == mount.subpath)
      return Ok();
    return Invalid(Printable(mount.destination) + ": duplicate mount destination");
  }
  spec.mounts.push_back(std::move(mount));
  return Ok();
}

}  // namespace ctool::engine
