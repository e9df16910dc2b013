// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

Result<std::string> Destination(const std::string& path) {
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

constexpr std::string_view kFlags[] = {"ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev",
                                       "private", "rprivate", "slave", "rslave", "shared", "rshared",
                                       "bind", "rbind"};

bool IsFlag(std::string_view option) {
  return std::find(std::begin(kFlags), std::end(kFlags), option) != std::end(kFlags);
}

Status CheckContradictions(const std::vector<std::string>& options, const std::string& what) {
  const auto has = [&](std::string_view o) { return std::find(options.begin(), options.end(), o) != options.end(); };
  for (const auto& [a, b] : {std::pair("ro", "rw"), std::pair("exec", "noexec"), std::pair("suid", "nosuid"),
                             std::pair("dev", "nodev"), std::pair("copy", "nocopy")})
    if (has(a) && has(b)) return Invalid("options " + Quote(a) + " and " + Quote(b) + " of " + Quote(what) + " contradict each other");
  return Ok();
}

// What a bind or volume gets unless its options say otherwise: nosuid, nodev, rprivate.
void AddDefaults(ContainerMount& m) {
  const auto has = [&](std::initializer_list<std::string_view> any) {
    return std::any_of(m.options.begin(), m.options.end(), [&](const std::string& o) { return std::find(any.begin(), any.end(), o) != any.end(); });
  };
  if (!has({"suid", "nosuid"})) m.options.emplace_back("nosuid");
  if (!has({"dev", "nodev"})) m.options.emplace_back("nodev");
  if (!has({"private", "rprivate", "slave", "rslave", "shared", "rshared"})) m.options.emplace_back("rprivate");
  if (!has({"bind", "rbind"})) m.options.emplace_back("rbind");
}

// Options of -v and of --mount's plain words. "copy" and "nocopy" are for volumes.
Status ParseOptions(const std::vector<std::string>& words, ContainerMount& m) {
  for (const std::string& option : words) {
    if (option.empty() || option == "z" || option == "Z") continue;  // labels: no SELinux here
    if (option == "U" || option == "O" || StartsWith(option, "idmap") || StartsWith(option, "upperdir=") || StartsWith(option, "workdir="))
      return Error(Code::kUnsupported, "volume option " + Quote(option) + " is not supported");
    if (option != "copy" && option != "nocopy" && !IsFlag(option)) return Invalid("invalid mount option " + Quote(option));
    m.options.push_back(option);
  }
  TRY(CheckContradictions(m.options, m.destination));
  AddDefaults(m);
  return Ok();
}

Status Add(ContainerMount mount, ContainerSpec& spec) {
  for (const ContainerMount& other : spec.mounts) {
    if (other.destination != mount.destination) continue;
    if (other.type == mount.type && other.source == mount.source && other.name == mount.name && other.options == mount.options)
      return Ok();
    return Invalid(Printable(mount.destination) + ": duplicate mount destination");
  }
  spec.mounts.push_back(std::move(mount));
  return Ok();
}

Result<ContainerMount> NamedOrHost(const std::string& source, const std::string& destination) {
  ContainerMount m;
  m.destination = TRY(Destination(destination));
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

ContainerMount AnonymousVolume(std::string destination) {
  ContainerMount m;
  m.type = "volume";
  m.name = RandomHexId();
  m.destination = std::move(destination);
  m.anonymous = true;
  AddDefaults(m);
  return m;
}

Result<ContainerMount> ParseVolume(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() == 1) {
    std::string destination = TRY(Destination(parts[0]));
    return AnonymousVolume(std::move(destination));
  }
  if (parts.size() > 3) return Invalid("incorrect volume format " + Quote(text) + ", should be [host-dir:]ctr-dir[:option]");
  ContainerMount m = TRY(NamedOrHost(parts[0], parts[1]));
  TRY(ParseOptions(parts.size() == 3 ? Split(parts[2], ',') : std::vector<std::string>{}, m));
  return m;
}

Status CheckTmpfsOption(const std::string& option) {
  const size_t equals = option.find('=');
  const std::string key = option.substr(0, equals);
  const bool data = equals != std::string::npos && (key == "size" || key == "mode" || key == "uid" || key == "gid" || key == "nr_inodes" || key == "nr_blocks");
  if (data || IsFlag(option) || option == "noatime" || option == "relatime" || option == "strictatime" || option == "tmpcopyup" || option == "notmpcopyup" || option.empty())
    return Ok();
  return Invalid("invalid tmpfs option " + Quote(option));
}

Result<ContainerMount> MakeTmpfs(const std::string& destination, const std::vector<std::string>& options) {
  ContainerMount m;
  m.type = "tmpfs";
  m.destination = TRY(Destination(destination));
  bool copy_up = true;
  for (const std::string& option : options) {
    TRY(CheckTmpfsOption(option));
    if (option == "notmpcopyup") copy_up = false;
    else if (!option.empty() && option != "tmpcopyup" && option != "rbind" && option != "bind") m.options.push_back(option);
  }
  TRY(CheckContradictions(m.options, destination));
  const auto has = [&](std::string_view a, std::string_view b) {
    return std::any_of(m.options.begin(), m.options.end(), [&](const std::string& o) { return o == a || o == b; });
  };
  if (!has("suid", "nosuid")) m.options.emplace_back("nosuid");
  if (!has("dev", "nodev")) m.options.emplace_back("nodev");
  if (copy_up) m.options.emplace_back("tmpcopyup");
  return m;
}

// --mount type=TYPE,key=value,...
Result<ContainerMount> ParseMount(const std::string& text) {
  std::string type = "volume", source, destination;
  std::vector<std::string> options, tmpfs;
  for (const std::string& field : Split(text, ',')) {
    const size_t equals = field.find('=');
    const std::string key = ToLower(field.substr(0, equals));
    const std::string value = equals == std::string::npos ? "true" : field.substr(equals + 1);
    if (key == "type") type = value;
    else if (key == "source" || key == "src") source = value;
    else if (key == "target" || key == "dst" || key == "destination") destination = value;
    else if (key == "readonly" || key == "ro") options.emplace_back(value == "false" ? "rw" : "ro");
    else if (key == "rw") options.emplace_back(value == "false" ? "ro" : "rw");
    else if (key == "bind-propagation") options.push_back(value);
    else if (key == "bind-nonrecursive") options.emplace_back(value == "true" ? "bind" : "rbind");
    else if (key == "volume-nocopy") options.emplace_back("nocopy");
    else if (key == "tmpfs-size") tmpfs.push_back("size=" + value);
    else if (key == "tmpfs-mode") tmpfs.push_back("mode=" + value);
    else if (key == "notmpcopyup" || key == "tmpcopyup") tmpfs.push_back(key);
    else if (key == "relabel" || key == "z") continue;
    else if (equals == std::string::npos && (IsFlag(key))) options.push_back(key);
    else return Invalid(Quote(field) + ": invalid mount option in --mount " + Quote(text));
  }
  if (destination.empty()) return Invalid("must set volume destination in --mount " + Quote(text));
  if (type == "tmpfs") {
    tmpfs.insert(tmpfs.end(), options.begin(), options.end());
    return MakeTmpfs(destination, tmpfs);
  }
  if (type != "bind" && type != "volume")
    return Error(Code::kUnsupported, "mount type " + Quote(type) + " is not supported: use bind, volume or tmpfs");
  if (type == "bind" && source.empty()) return Invalid("must set source for bind mount in --mount " + Quote(text));
  if (type == "bind" && source[0] != '/' && source[0] != '.') source = "./" + source;
  const std::string inside = TRY(Destination(destination));
  ContainerMount m = source.empty() ? AnonymousVolume(inside) : TRY(NamedOrHost(source, inside));
  if (m.type != type) return Invalid("source " + Quote(source) + " does not fit mount type " + Quote(type));
  if (m.anonymous) m.options.clear();
  TRY(ParseOptions(options, m));
  return m;
}

// A device is a bind mount: a user namespace can't make nodes.
Result<ContainerMount> ParseDevice(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ':');
  const auto rights = [](const std::string& s) { return !s.empty() && s.find_first_not_of("rwm") == std::string::npos; };
  std::string destination = parts[0];
  if (parts.size() == 2 && !rights(parts[1])) destination = parts[1];
  if (parts.size() == 3) destination = parts[1];
  if (parts.size() > 3 || (parts.size() == 3 && !rights(parts[2])))
    return Invalid("invalid device specification: " + Printable(text));
  struct stat st {};
  if (::stat(parts[0].c_str(), &st) < 0) {
    const int err = errno;
    return Error::Sys(err, "stat " + Printable(parts[0])).As(Code::kInvalidArgument);
  }
  if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) return Invalid(Quote(parts[0]) + " is not a device node");
  ContainerMount m;
  m.type = "bind";
  m.source = TRY(HostPath(parts[0]));
  m.destination = TRY(Destination(destination));
  m.options = {"bind", "rprivate", "nosuid", "noexec"};
  return m;
}

Status AddImageVolumes(const FoldInput& in, ContainerSpec& spec) {
  const std::string mode = in.options.image_volume.empty() ? "anonymous" : in.options.image_volume;
  if (mode != "anonymous" && mode != "bind" && mode != "tmpfs" && mode != "ignore")
    return Invalid("invalid --image-volume " + Quote(mode) + ": wanted bind, tmpfs or ignore");
  if (mode == "ignore") return Ok();
  for (const std::string& path : in.image.volumes) {
    const std::string destination = TRY_CTX("invalid volume path in the image", Destination(path));
    const bool taken = std::any_of(spec.mounts.begin(), spec.mounts.end(), [&](const ContainerMount& m) { return m.destination == destination; });
    if (taken) continue;
    spec.mounts.push_back(mode == "tmpfs" ? TRY(MakeTmpfs(destination, {})) : AnonymousVolume(destination));
  }
  return Ok();
}

}  // namespace

Status FoldMounts(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  if (!o.volumes_from.empty()) return Error(Code::kUnsupported, "--volumes-from is not supported");
  const auto add = [&](Result<ContainerMount> mount) -> Status {
    if (!mount.ok()) return std::move(mount).error();
    return Add(std::move(mount).value(), spec);
  };
  for (const std::string& text : o.volume) TRY(add(ParseVolume(text)));
  for (const std::string& text : o.mount) TRY(add(ParseMount(text)));
  for (const std::string& text : o.tmpfs) {
    const size_t colon = text.find(':');
    const std::string options = colon == std::string::npos ? "" : text.substr(colon + 1);
    TRY(add(MakeTmpfs(text.substr(0, colon), Split(options, ','))));
  }
  for (const std::string& text : o.device) {
    TRY(add(ParseDevice(text)));
    spec.devices.push_back(text);
  }
  TRY(AddImageVolumes(in, spec));
  // A mount below another comes after it, whatever the order they were given in.
  std::stable_sort(spec.mounts.begin(), spec.mounts.end(), [](const ContainerMount& a, const ContainerMount& b) {
    return std::count(a.destination.begin(), a.destination.end(), '/') < std::count(b.destination.begin(), b.destination.end(), '/');
  });
  spec.read_only = o.read_only || in.conf.read_only.value_or(false);
  spec.read_only_tmpfs = o.read_only_tmpfs;
  const std::string shm = !o.shm_size.empty() ? o.shm_size : in.conf.shm_size.value_or("65536k");
  spec.shm_size = TRY(ParseBytes(shm, "--shm-size"));
  return Ok();
}

}  // namespace ctool::engine
